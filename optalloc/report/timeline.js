// Bars between dated steps.

function drawTimeline(exhibit, plan, look) {
  const table = plan.tables[exhibit.table];
  const { rows, ignored } = plan.rows(table);
  if (!rows.length) return nothing("Nothing is built within what is chosen above.");
  const steps = exhibit.steps.map(([column]) => table.values(column));
  const names = table.values(exhibit.row);
  const sizes = table.numbers(exhibit.size);
  const reached = table.numbers(exhibit.reached);
  const unit = unitOf(plan, exhibit.table, exhibit.size);
  const first = (row) => steps.map((days) => days[row]).find((day) => day !== null) ?? "";
  const opening = new Map();
  for (const row of rows) {
    const day = first(row);
    if (!opening.has(names[row]) || day < opening.get(names[row])) opening.set(names[row], day);
  }
  const key = (row) => [opening.get(names[row]), names[row], first(row)].join("\u0000");
  const sorted = [...rows].sort((a, b) => (key(a) < key(b) ? -1 : 1));
  const shown = sorted.slice(0, MOST_STARTS);
  const lines = shown.map((_, place) => place);
  const fills = [look.faint, look.series[0], look.series[2]];
  const traces = [];
  const ms = (day) => Date.parse(day);
  for (let step = 0; step + 1 < steps.length; step++) {
    const here = lines.filter((line) => {
      const [from, to] = [steps[step][shown[line]], steps[step + 1][shown[line]]];
      return from !== null && to !== null && to > from;
    });
    const [from, to] = [exhibit.steps[step][1], exhibit.steps[step + 1][1]];
    traces.push({
      type: "bar",
      orientation: "h",
      name: `${from} to ${to.toLowerCase()}`,
      y: here,
      base: here.map((line) => steps[step][shown[line]]),
      x: here.map((line) => ms(steps[step + 1][shown[line]]) - ms(steps[step][shown[line]])),
      width: step === 1 ? 0.6 : 0.16,
      marker: { color: fills[step % fills.length] },
      customdata: here.map((line) => [escaped(names[shown[line]]), steps[step][shown[line]], steps[step + 1][shown[line]], short(sizes[shown[line]])]),
      hovertemplate: `<b>%{customdata[0]}</b>, %{customdata[3]} ${escaped(unit)}<br>${from} %{customdata[1]}<br>${to} %{customdata[2]}<extra></extra>`,
    });
  }
  // Where a bar ends is where the next begins; the first and the last step have a mark of their own.
  exhibit.steps.forEach(([, label], step) => {
    const last = step + 1 === steps.length;
    if (step && !last) return;
    const here = lines.filter((line) => steps[step][shown[line]] !== null);
    const colour = last ? look.series[2] : look.ink;
    traces.push({
      type: "scatter",
      mode: last ? "markers+text" : "markers",
      name: label,
      y: here,
      x: here.map((line) => steps[step][shown[line]]),
      text: last ? here.map((line) => short(sizes[shown[line]]) + (look.narrow ? "" : ` ${escaped(unit)}`)) : undefined,
      textposition: "middle right",
      textfont: { size: 11, color: look.soft },
      cliponaxis: false,
      marker: { symbol: last ? "circle" : "diamond", size: 9, color: colour, line: { width: 1, color: look.surface } },
      hovertemplate: `${label} %{x|%Y-%m-%d}<extra></extra>`,
    });
  });
  const open = lines.filter((line) => steps.at(-1)[shown[line]] === null);
  traces.push({
    type: "scatter",
    mode: "text",
    showlegend: false,
    y: open,
    x: open.map((line) => steps.map((days) => days[shown[line]]).filter((day) => day !== null).at(-1)),
    text: open.map((line) => (look.narrow ? "" : `  ${short(reached[shown[line]])} of ${short(sizes[shown[line]])} ${escaped(unit)} ${exhibit.steps.at(-1)[1].toLowerCase()}`)),
    textposition: "middle right",
    textfont: { size: 11, color: look.faint },
    cliponaxis: false,
    hoverinfo: "skip",
  });
  const labels = shown.map((row, place) => (place && names[shown[place - 1]] === names[row] ? "" : fitted(names[row], look)));
  const layout = baseLayout(look, {
    height: Math.max(260, 120 + 21 * shown.length),
    barmode: "overlay",
    margin: { l: 64, r: look.narrow ? 24 : 190, t: 12, b: 48 },
    xaxis: { type: "date", title: { text: "Date" } },
    yaxis: { title: { text: spaced(exhibit.row) }, tickvals: lines, ticktext: labels, range: [shown.length - 0.4, -0.6], showgrid: false, zeroline: false, tickfont: { size: 11.5, color: look.ink } },
    shapes: timelineShapes(plan, look, labels),
  });
  const columns = [exhibit.row, exhibit.size, ...exhibit.steps.map(([column]) => column)];
  const data = sorted.map((row) => columns.map((column) => table.values(column)[row]));
  const heads = [spaced(exhibit.row), titled(table.byName[exhibit.size]), ...exhibit.steps.map(([, label]) => label)];
  const remark = sorted.length > shown.length ? `The first ${shown.length} of ${sorted.length}; choose above to see others.` : "";
  return { traces, layout, data: { columns: heads, rows: data }, ignored, remark };
}

// A line between two rows' groups, and the chosen period as a band.
function timelineShapes(plan, look, labels) {
  const shapes = [];
  labels.forEach((label, place) => {
    if (label && place) {
      shapes.push({ type: "line", xref: "paper", x0: 0, x1: 1, y0: place - 0.5, y1: place - 0.5, line: { color: look.rule, width: 1 }, layer: "below" });
    }
  });
  const from = plan.starts[plan.state.period];
  if (from) {
    const to = new Date(Date.parse(from) + plan.years[plan.state.period] * 365.25 * 864e5).toISOString().slice(0, 10);
    shapes.push({ type: "rect", yref: "paper", x0: from, x1: to, y0: 0, y1: 1, fillcolor: look.accent, opacity: 0.1, line: { width: 0 }, layer: "below" });
  }
  return shapes;
}
