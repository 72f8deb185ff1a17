// Each kind of exhibit as traces and a layout for Plotly, with the figures that it draws as a table.
// A drawing is { traces, layout, data: { columns, rows }, untold, empty }.

const MOST_GROUPS = 11;
const MOST_LINES = 24;
const MOST_STARTS = 80;

function unitOf(plan, table, name) {
  return plan.tables[table].byName[name].unit;
}

function nothing(words) {
  return { empty: words };
}

// The largest groups by total, and the others together.
function gathered(found) {
  const groups = [...found.entries()].map(([name, values]) => ({
    name: String(name),
    values,
    total: values.reduce((sum, value) => sum + Math.abs(value), 0),
  }));
  const shown = groups.filter((group) => group.total > 0).sort((a, b) => b.total - a.total);
  if (shown.length <= MOST_GROUPS + 1) return shown;
  const rest = shown.splice(MOST_GROUPS);
  const values = rest[0].values.map((_, place) => rest.reduce((sum, group) => sum + group.values[place], 0));
  return [...shown, { name: `${rest.length} others`, values }];
}

function drawTrend(exhibit, plan, look) {
  const untold = new Set();
  let lines = [];
  for (const series of exhibit.series) {
    const sums = plan.sums(plan.tables[series.table], series.value, exhibit.by);
    sums.untold.forEach((title) => untold.add(`${series.label}: ${title}`));
    const unit = unitOf(plan, series.table, series.value);
    const groups = exhibit.by ? gathered(sums.found) : [{ name: series.label, values: sums.found.get("") }];
    lines.push(...groups.map((group) => ({ ...group, dash: series.dash, unit })));
  }
  if (!lines.length) return nothing("Nothing of this lies within what is chosen above.");
  const traces = lines.map((line, place) => {
    const colour = look.series[place % look.series.length];
    const again = Math.floor(place / look.series.length);
    const common = {
      name: escaped(line.name),
      x: plan.periods,
      y: line.values,
      hovertemplate: `${escaped(line.name)}<br>%{x}: <b>%{y:,.1f}</b> ${escaped(line.unit)}<extra></extra>`,
    };
    if (exhibit.stacked) {
      const pattern = { shape: PATTERNS[again % PATTERNS.length], bgcolor: colour, fgcolor: look.surface, fillmode: "replace", size: 6, solidity: 0.25 };
      return { ...common, type: "bar", marker: { color: colour, pattern, line: { width: 0.5, color: look.surface } } };
    }
    const dash = exhibit.by ? DASHES[again % DASHES.length] : line.dash;
    const symbol = SYMBOLS[place % SYMBOLS.length];
    return {
      ...common,
      type: "scatter",
      mode: "lines+markers",
      line: { color: colour, width: 2.25, dash },
      marker: { color: colour, size: 6, symbol },
    };
  });
  const layout = baseLayout(look, {
    barmode: "relative",
    bargap: 0.35,
    hovermode: exhibit.stacked ? "closest" : "x unified",
    xaxis: periodAxis(plan),
    yaxis: { title: { text: exhibit.y_title }, rangemode: "tozero", tickformat: ",~r" },
    shapes: [chosenPeriod(plan, look)],
  });
  const columns = [plan.roles.title, ...lines.map((line) => `${line.name} (${line.unit})`)];
  const rows = plan.periods.map((name, place) => [name, ...lines.map((line) => line.values[place])]);
  return { traces, layout, data: { columns, rows }, untold: [...untold] };
}

// A chart of a table as it stands, without roles.
function drawPlain(chart, plan, look) {
  const table = plan.tables[chart.table];
  const { rows, untold } = plan.rows(table);
  const x = rows.map((row) => String(table.values(chart.x)[row]));
  // The first series of a bridge is not seen, so that the others float.
  const seen = (place) => chart.drawn !== "bridge" || place > 0;
  const traces = chart.series.map((name, place) => ({
    opacity: seen(place) ? 1 : 0,
    showlegend: seen(place),
    name: spaced(name),
    x,
    y: rows.map((row) => table.numbers(name)[row]),
    type: chart.drawn === "line" ? "scatter" : "bar",
    mode: "lines+markers",
    line: { color: look.series[place], width: 2.25, dash: DASHES[place % DASHES.length] },
    marker: { color: look.series[place], symbol: SYMBOLS[place % SYMBOLS.length], size: 6 },
    hovertemplate: `${escaped(spaced(name))}<br>%{x}: <b>%{y:,.1f}</b><extra></extra>`,
  }));
  for (const trace of traces) if (trace.type === "bar") delete trace.marker.symbol;
  const layout = baseLayout(look, {
    barmode: "relative",
    bargap: 0.4,
    xaxis: { type: "category", title: { text: chart.x_title }, showgrid: false },
    yaxis: { title: { text: chart.y_title }, tickformat: ",~r" },
  });
  const columns = [chart.x_title, ...chart.series.map((name) => titled(table.byName[name]))];
  const shown = rows.map((row) => [table.values(chart.x)[row], ...chart.series.map((name) => table.values(name)[row])]);
  return { traces, layout, data: { columns, rows: shown }, untold };
}

// Limits of one kind by what they are about and by period.
function useOf(plan, limit) {
  const table = plan.tables.Limits;
  const [keys, units] = ["key", "unit"].map((name) => table.values(name));
  const [used, allowed] = [table.numbers("used"), table.numbers("allowed")];
  const subjects = new Map();
  let unit = "";
  let left = false;
  for (const row of table.rowsBy("limit").get(limit) ?? []) {
    unit = units[row];
    const key = String(keys[row] ?? "");
    const cut = key.lastIndexOf(", ");
    const period = cut < 0 ? key : key.slice(cut + 2);
    const place = plan.place.get(period);
    if (place === undefined || !Number.isFinite(allowed[row])) continue;
    const subject = cut < 0 ? "" : key.slice(0, cut);
    if (!subjects.has(subject)) {
      if (plan.tells([subject, ...subject.split(", ")]) === false) {
        left = true;
        continue;
      }
      const blank = () => new Array(plan.periods.length).fill(null);
      subjects.set(subject, { subject, used: blank(), allowed: blank(), share: blank(), peak: 0 });
    }
    const found = subjects.get(subject);
    found.used[place] = used[row];
    found.allowed[place] = allowed[row];
    const share = allowed[row] > 0 ? used[row] / allowed[row] : used[row] > 1e-6 ? 1 : 0;
    found.share[place] = Math.max(share, 0);
    found.peak = Math.max(found.peak, share);
  }
  return { unit, left, subjects: [...subjects.values()].sort((a, b) => b.peak - a.peak) };
}

function drawUse(exhibit, plan, look, picked) {
  const limit = picked.limit ?? exhibit.limits.find((name) => useOf(plan, name).subjects.length) ?? exhibit.limits[0];
  const { unit, subjects, left } = useOf(plan, limit);
  if (!subjects.length) return nothing(left ? "No such limit lies within what is chosen above." : "There is no such limit.");
  const one = subjects.find((found) => found.subject === picked.subject) ?? (subjects.length === 1 ? subjects[0] : null);
  const untold = plan.active.filter(() => plan.tells([subjects[0].subject]) === null).map((filter) => filter.title);
  const drawn = one ? useOfOne(one, one.subject || spaced(limit), unit, plan, look) : useOfAll(subjects, unit, plan, look);
  return { ...drawn, untold, options: subjects.map((found) => found.subject).sort() };
}

function useOfOne(found, name, unit, plan, look) {
  const traces = [
    {
      type: "bar",
      name: "Used",
      x: plan.periods,
      y: found.used,
      marker: { color: look.series[0] },
      hovertemplate: `Used, %{x}: <b>%{y:,.1f}</b> ${escaped(unit)}<extra></extra>`,
    },
    {
      type: "scatter",
      mode: "lines+markers",
      name: "Allowed",
      x: plan.periods,
      y: found.allowed,
      line: { color: look.series[5], width: 2.25, dash: "dash", shape: "hvh" },
      marker: { color: look.series[5], symbol: "line-ew-open", size: 9 },
      hovertemplate: `Allowed, %{x}: <b>%{y:,.1f}</b> ${escaped(unit)}<extra></extra>`,
    },
  ];
  const layout = baseLayout(look, {
    bargap: 0.4,
    xaxis: periodAxis(plan),
    yaxis: { title: { text: escaped(`${name} (${unit})`) }, rangemode: "tozero", tickformat: ",~r" },
    shapes: [chosenPeriod(plan, look)],
  });
  const columns = [plan.roles.title, `Used (${unit})`, `Allowed (${unit})`];
  const rows = plan.periods.map((name, place) => [name, found.used[place], found.allowed[place]]);
  return { traces, layout, data: { columns, rows } };
}

function useOfAll(subjects, unit, plan, look) {
  const shown = subjects.slice(0, MOST_LINES).reverse();
  const text = shown.map((found) => found.share.map((share) => (share === null ? "" : share >= 0.99999 ? "●" : "")));
  const labels = shown.map((found) => found.subject || unit);
  const told = shown.map((found) =>
    found.used.map((used, place) =>
      used === null ? "" : `${shownNumber(used, "#,##0.0")} of ${shownNumber(found.allowed[place], "#,##0.0")} ${escaped(unit)}`,
    ),
  );
  const ramp = look.ramp.map((colour, place) => [place / (look.ramp.length - 1), colour]);
  const traces = [
    {
      type: "heatmap",
      x: plan.periods,
      y: labels.map(escaped),
      z: shown.map((found) => found.share),
      zmin: 0,
      zmax: 1,
      xgap: 2,
      ygap: 2,
      colorscale: ramp,
      text,
      texttemplate: "%{text}",
      textfont: { size: look.narrow ? 5 : 11, color: look.surface },
      customdata: told,
      hoverongaps: false,
      showscale: !look.narrow,
      hovertemplate: "%{y}, %{x}<br><b>%{z:.1%}</b>: %{customdata}<extra></extra>",
      colorbar: {
        title: { text: "Share used", side: "right", font: { size: 12, color: look.soft } },
        tickformat: ".0%",
        thickness: 10,
        outlinewidth: 0,
        tickfont: { size: 11, color: look.soft },
      },
    },
  ];
  const layout = baseLayout(look, {
    height: Math.max(220, 110 + 24 * shown.length),
    xaxis: { ...periodAxis(plan), side: "bottom" },
    yaxis: { ...namedAxis(labels, look), title: { text: "What the limit is about" } },
    shapes: [{ ...chosenPeriod(plan, look), layer: "above", fillcolor: "rgba(0,0,0,0)", opacity: 1, line: { width: 1.5, color: look.accent } }],
  });
  const columns = ["About", plan.roles.title, `Used (${unit})`, `Allowed (${unit})`];
  const rows = subjects.flatMap((found) =>
    plan.periods.flatMap((name, place) =>
      found.used[place] === null ? [] : [[found.subject, name, found.used[place], found.allowed[place]]],
    ),
  );
  const more = subjects.length - shown.length;
  const remark = "The stronger the colour, the more of it is used; a dot marks what is used up." + (more > 0 ? ` The ${more} least used of ${subjects.length} are left to the figures below.` : "");
  return { traces, layout, data: { columns, rows }, remark };
}

function drawSnapshot(exhibit, plan, look) {
  const table = plan.tables[exhibit.table];
  const { rows, untold } = plan.rows(table);
  const periods = table.values(plan.roles.period);
  const now = rows.filter((row) => periods[row] === plan.period);
  if (!now.length) {
    const held = [...new Set(rows.map((row) => periods[row]))];
    return nothing(held.length ? `Nothing of this is asked for in ${plan.period}; it is in ${held.join(", ")}.` : "Nothing of this lies within what is chosen above.");
  }
  const [value, target] = [table.numbers(exhibit.value), table.numbers(exhibit.target)];
  const name = (row) => [...new Set(exhibit.label.map((column) => table.values(column)[row]))].join(": ");
  const margin = (row) => (target[row] > 0 ? value[row] / target[row] : Infinity);
  const sorted = now.sort((a, b) => margin(a) - margin(b));
  const shown = sorted.slice(0, MOST_LINES).reverse();
  const unit = unitOf(plan, exhibit.table, exhibit.value);
  const [left, needed] = [exhibit.value, exhibit.target].map((column) => titled(table.byName[column]));
  const names = shown.map(name);
  const y = names.map(escaped);
  const traces = [
    {
      type: "bar",
      orientation: "h",
      name: left,
      y,
      x: shown.map((row) => value[row]),
      marker: { color: look.series[0] },
      hovertemplate: `%{y}<br>${left}: <b>%{x:,.1f}</b><extra></extra>`,
    },
    {
      type: "scatter",
      mode: "markers",
      name: needed,
      y,
      x: shown.map((row) => target[row]),
      marker: { color: look.series[5], symbol: "line-ns-open", size: 18, line: { width: 3, color: look.series[5] } },
      hovertemplate: `%{y}<br>${needed}: <b>%{x:,.1f}</b><extra></extra>`,
    },
  ];
  const layout = baseLayout(look, {
    height: Math.max(240, 120 + 26 * shown.length),
    bargap: 0.45,
    xaxis: { title: { text: `${exhibit.x_title}, ${plan.period}` }, rangemode: "tozero", tickformat: ",~r" },
    yaxis: { ...namedAxis(names, look), title: { text: exhibit.label.map(spaced).join(": ") } },
  });
  const columns = [exhibit.label.map(spaced).join(": "), left, needed];
  const remark = sorted.length > shown.length ? `The ${shown.length} with the least to spare, of ${sorted.length}.` : "";
  return { traces, layout, data: { columns, rows: sorted.map((row) => [name(row), value[row], target[row]]) }, untold, remark, unit };
}

function drawRanking(exhibit, plan, look) {
  const table = plan.tables[exhibit.table];
  const { rows, untold } = plan.rows(table);
  const values = table.numbers(exhibit.value);
  const sorted = rows.filter((row) => !Number.isNaN(values[row])).sort((a, b) => values[b] - values[a]);
  if (!sorted.length) return nothing("Nothing of this lies within what is chosen above.");
  const shown = sorted.slice(0, 15).reverse();
  const name = (row) => exhibit.label.map((column) => spaced(String(table.values(column)[row] ?? ""))).join(": ");
  const unit = unitOf(plan, exhibit.table, exhibit.value);
  const traces = [
    {
      type: "bar",
      orientation: "h",
      y: shown.map((_, place) => place),
      x: shown.map((row) => values[row]),
      text: shown.map((row) => short(values[row])),
      textposition: "outside",
      textfont: { size: 11, color: look.soft },
      cliponaxis: false,
      marker: { color: look.series[0] },
      customdata: shown.map((row) => escaped(name(row))),
      hovertemplate: `%{customdata}<br><b>%{x:,.2f}</b> ${escaped(unit)}<extra></extra>`,
    },
  ];
  const layout = baseLayout(look, {
    height: Math.max(220, 100 + 27 * shown.length),
    bargap: 0.4,
    margin: { l: 64, r: 48, t: 12, b: 48 },
    xaxis: { title: { text: exhibit.x_title }, rangemode: "tozero", tickformat: ",~r" },
    yaxis: { title: { text: exhibit.label.map(spaced).join(": ") }, tickvals: shown.map((_, place) => place), ticktext: shown.map((row) => fitted(name(row), look)), showgrid: false, zeroline: false, tickfont: { size: 11.5, color: look.ink } },
  });
  const column = `${spaced(exhibit.value)} (${unit})`;
  const remark = sorted.length > shown.length ? `The ${shown.length} largest of ${sorted.length}.` : "";
  return { traces, layout, data: { columns: [exhibit.label.map(spaced).join(": "), column], rows: sorted.map((row) => [name(row), values[row]]) }, untold, remark };
}

function drawBridge(exhibit, plan, look, picked) {
  const by = picked.by ?? exhibit.by[0];
  const table = plan.tables[exhibit.table];
  const { rows, untold } = plan.rows(table);
  const [values, groups] = [table.numbers(exhibit.value), table.values(by)];
  const sums = new Map();
  for (const row of rows) {
    const group = groups[row] ?? `no one ${spaced(by).toLowerCase()}`;
    sums.set(group, (sums.get(group) ?? 0) + values[row]);
  }
  if (!sums.size) return nothing("Nothing of this lies within what is chosen above.");
  const every = [...sums.entries()].sort((a, b) => Math.abs(b[1]) - Math.abs(a[1]));
  const parts = every.slice(0, 16);
  const others = every.slice(16);
  if (others.length) parts.push([`${others.length} others`, others.reduce((sum, part) => sum + part[1], 0)]);
  parts.sort((a, b) => b[1] - a[1]);
  const total = every.reduce((sum, part) => sum + part[1], 0);
  const unit = unitOf(plan, exhibit.table, exhibit.value);
  const names = parts.map((part) => escaped(spaced(String(part[0]))));
  const traces = [
    {
      type: "waterfall",
      x: [...names, "Total"],
      y: [...parts.map((part) => part[1]), 0],
      measure: [...parts.map(() => "relative"), "total"],
      text: [...parts.map((part) => short(part[1])), short(total)],
      textposition: "outside",
      textfont: { size: 11, color: look.soft },
      cliponaxis: false,
      increasing: { marker: { color: look.series[0] } },
      decreasing: { marker: { color: look.series[2] } },
      totals: { marker: { color: look.soft } },
      connector: { line: { color: look.rule, width: 1 } },
      hovertemplate: `%{x}<br><b>%{delta:,.2f}</b> ${escaped(unit)}; up to here %{final:,.2f}<extra></extra>`,
    },
  ];
  const layout = baseLayout(look, {
    height: 440,
    showlegend: false,
    margin: { l: 64, r: 16, t: 28, b: 48 },
    xaxis: { type: "category", title: { text: spaced(by) }, showgrid: false, tickangle: -35 },
    yaxis: { title: { text: exhibit.y_title }, tickformat: ",~r" },
  });
  const column = `${spaced(exhibit.value)} (${unit})`;
  return { traces, layout, data: { columns: [spaced(by), column], rows: [...every, ["Total", total]] }, untold };
}

function drawTimeline(exhibit, plan, look) {
  const table = plan.tables[exhibit.table];
  const { rows, untold } = plan.rows(table);
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
  return { traces, layout, data: { columns: heads, rows: data }, untold, remark };
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
    const months = Number(plan.tables[plan.roles.table].values(plan.roles.months)[plan.state.period]);
    const to = new Date(Date.parse(from) + months * 30.4375 * 864e5).toISOString().slice(0, 10);
    shapes.push({ type: "rect", yref: "paper", x0: from, x1: to, y0: 0, y1: 1, fillcolor: look.accent, opacity: 0.1, line: { width: 0 }, layer: "below" });
  }
  return shapes;
}
