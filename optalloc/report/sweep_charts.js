// Pictures of many cases, whose values are known as intervals: the gap is drawn beside each value.

const MOST_BARS = 60;

// The angle at which names stand below their axis.
function slanted(names, look) {
  if (look.narrow) return names.length > 2 ? -90 : 0;
  return names.length > 6 ? -35 : 0;
}

// How a value is shown with its interval.
function errorBars(look, less, more, across, colour) {
  const there = less.some((value) => value > 0) || more.some((value) => value > 0);
  const bar = { type: "data", symmetric: false, array: more, arrayminus: less, color: colour ?? look.ink, thickness: 1.4, width: 4, visible: there };
  return across ? { error_x: bar } : { error_y: bar };
}

function spansOf(exhibit, table, rows) {
  const pick = (name) => rows.map((row) => table.numbers(name)[row]);
  // What is not known is drawn as nothing.
  const known = (name) => pick(name).map((value) => (Number.isNaN(value) ? 0 : value));
  return exhibit.spans.map((span) => ({ label: span.label, unit: table.byName[span.value].unit, values: pick(span.value), less: known(span.less), more: known(span.more) }));
}

function spanTable(exhibit, table, rows, names) {
  const columns = [...names, ...exhibit.spans.flatMap((span) => [span.value, span.less, span.more])];
  return { columns: columns.map((name) => titled(table.byName[name])), rows: rows.map((row) => columns.map((name) => table.values(name)[row])) };
}

function valueInWords(span, k) {
  return `<b>${shownNumber(span.values[k], "#,##0.00##")}</b> ${escaped(span.unit)}, from ${shownNumber(span.values[k] - span.less[k], "#,##0.00##")} to ${shownNumber(span.values[k] + span.more[k], "#,##0.00##")}`;
}

function drawBars(exhibit, plan, look) {
  const table = plan.tables[exhibit.table];
  const { rows } = plan.rows(table);
  if (!rows.length) return nothing("Nothing to draw.");
  const labels = table.values(exhibit.label);
  const names = [...new Set(rows.map((row) => String(labels[row])))];
  const shown = names.slice(0, MOST_BARS);
  const place = new Map(shown.map((name, k) => [name, k]));
  const drawn = rows.filter((row) => place.has(String(labels[row])));
  if (exhibit.joined) {
    // Short bars are drawn over long ones.
    const sizes = table.numbers(exhibit.spans[0].value);
    drawn.sort((a, b) => Math.abs(sizes[b] || 0) - Math.abs(sizes[a] || 0));
  }
  const y = drawn.map((row) => place.get(String(labels[row])));
  const words = exhibit.word ? drawn.map((row) => escaped(table.values(exhibit.word)[row] ?? "")) : null;
  const farthest = (k, values) => !drawn.some((_, other) => other !== k && y[other] === y[k] && Math.sign(values[other]) === Math.sign(values[k]) && Math.abs(values[other]) > Math.abs(values[k]));
  const traces = spansOf(exhibit, table, drawn).map((span, at) => {
    const colour = look.series[at % look.series.length];
    const colours = exhibit.joined ? span.values.map((value) => (value < 0 ? look.series[2] : look.series[5])) : colour;
    return {
      type: "bar",
      orientation: "h",
      name: escaped(span.label),
      y,
      x: span.values,
      text: words?.map((word, k) => (farthest(k, span.values) ? `\u2003${word}\u2003` : "")),
      textposition: "outside",
      textfont: { size: 11, color: look.soft },
      cliponaxis: false,
      showlegend: exhibit.spans.length > 1,
      marker: { color: colours, line: { width: exhibit.joined ? 1 : 0, color: look.surface } },
      ...errorBars(look, span.less, span.more, true),
      customdata: drawn.map((row, k) => `${escaped(labels[row])}${words ? `: ${words[k]}` : ""}<br>${escaped(span.label)}: ${valueInWords(span, k)}`),
      hovertemplate: "%{customdata}<extra></extra>",
    };
  });
  // Room for the words that stand beside the bars.
  const reached = traces.flatMap((trace) => trace.x.flatMap((value, k) => [value - (trace.error_x.arrayminus[k] || 0), value + (trace.error_x.array[k] || 0)]));
  const [low, high] = [Math.min(0, ...reached.filter(Number.isFinite)), Math.max(0, ...reached.filter(Number.isFinite))];
  const room = (high - low) * (words ? (look.narrow ? 0.35 : 0.08) : 0.03);
  const range = high > low ? [low < 0 ? low - room : 0, high > 0 ? high + room : 0] : undefined;
  const layout = baseLayout(look, {
    height: Math.max(260, 120 + shown.length * Math.max(30, 18 * exhibit.spans.length)),
    barmode: exhibit.joined ? "overlay" : "group",
    bargap: 0.35,
    margin: { l: 64, r: look.narrow ? 16 : 64, t: 12, b: 48 },
    xaxis: { title: { text: exhibit.value_title }, range, nticks: look.narrow ? 5 : 0, tickformat: ",~r", zeroline: true, zerolinecolor: look.soft },
    yaxis: { title: { text: exhibit.label_title }, tickvals: shown.map((_, k) => k), ticktext: shown.map((name) => fitted(name, look)), range: [shown.length - 0.5, -0.5], showgrid: false, zeroline: false, tickfont: { size: 11.5, color: look.ink } },
  });
  const remark = names.length > shown.length ? `The first ${shown.length} of ${names.length}.` : "";
  return { traces, layout, data: spanTable(exhibit, table, rows, [exhibit.label, ...(exhibit.word ? [exhibit.word] : [])]), remark };
}

function drawCurve(exhibit, plan, look) {
  const table = plan.tables[exhibit.table];
  const { rows } = plan.rows(table);
  if (!rows.length) return nothing("Nothing to draw.");
  const xs = table.values(exhibit.x);
  const numeric = rows.every((row) => typeof xs[row] === "number");
  const groups = exhibit.by ? [...new Set(rows.map((row) => table.values(exhibit.by)[row]))] : [""];
  const traces = [];
  for (const group of groups) {
    const own = exhibit.by ? rows.filter((row) => table.values(exhibit.by)[row] === group) : rows;
    for (const span of spansOf(exhibit, table, own)) {
      const colour = look.series[traces.length % look.series.length];
      const name = [group, exhibit.spans.length > 1 || !group ? span.label : ""].filter(Boolean).join(": ");
      traces.push({
        type: "scatter",
        mode: exhibit.line ? "lines+markers" : "markers",
        name: escaped(name),
        x: own.map((row) => (numeric ? xs[row] : escaped(xs[row]))),
        y: span.values,
        line: { color: colour, width: 2.25 },
        marker: { color: colour, size: own.length > 200 ? 5 : 9, symbol: SYMBOLS[traces.length % SYMBOLS.length] },
        ...errorBars(look, span.less, span.more, false, colour),
        customdata: own.map((row, k) => `${escaped(xs[row])}<br>${escaped(name)}: ${valueInWords(span, k)}`),
        hovertemplate: "%{customdata}<extra></extra>",
      });
    }
  }
  const named = [...new Set(rows.map((row) => String(xs[row])))];
  const xaxis = numeric ? { title: { text: exhibit.x_title }, tickformat: ",~r", showgrid: false } : { ...namedAxis(named, look), ...(named.length > MOST_BARS ? { tickvals: [], ticktext: [] } : {}), title: { text: exhibit.x_title }, tickangle: slanted(named, look) };
  const layout = baseLayout(look, { height: 440, showlegend: traces.length > 1, margin: { l: 64, r: 24, t: 12, b: 48 }, xaxis, yaxis: { title: { text: exhibit.y_title }, tickformat: ",~r" } });
  return { traces, layout, data: spanTable(exhibit, table, rows, [exhibit.x, ...(exhibit.by ? [exhibit.by] : [])]) };
}

function drawHeat(exhibit, plan, look) {
  const table = plan.tables[exhibit.table];
  const { rows } = plan.rows(table);
  if (!rows.length) return nothing("Nothing to draw.");
  const [xs, ys, words] = [exhibit.x, exhibit.y, exhibit.word].map((name) => table.values(name));
  const given = table.values(exhibit.value);
  const days = table.byName[exhibit.value].kind === "date";
  const size = (value) => (value === null ? null : days ? Date.parse(value) : value);
  const across = [...new Set(rows.map((row) => String(xs[row])))];
  const down = [...new Set(rows.map((row) => String(ys[row])))];
  const cell = new Map(rows.map((row) => [`${ys[row]}\u0000${xs[row]}`, row]));
  const laid = (pick) => down.map((y) => across.map((x) => (cell.has(`${y}\u0000${x}`) ? pick(cell.get(`${y}\u0000${x}`)) : null)));
  const z = laid((row) => size(given[row]));
  const found = z.flat().filter((value) => value !== null);
  const bar = { title: { text: exhibit.value_title, side: "right", font: { size: 12, color: look.soft } }, thickness: 14, outlinewidth: 0, tickfont: { size: 11, color: look.soft }, tickformat: ",~r" };
  if (days && found.length) {
    const [from, to] = [Math.min(...found), Math.max(...found)];
    bar.tickvals = from === to ? [from] : [0, 1, 2, 3].map((k) => from + ((to - from) * k) / 3);
    bar.ticktext = bar.tickvals.map((at) => new Date(at).toISOString().slice(0, 10));
  }
  if (look.narrow) Object.assign(bar, { orientation: "h", x: 0.5, xanchor: "center", y: 1.02, yanchor: "bottom", len: 1, title: { ...bar.title, side: "top" } });
  const scale = look.ramp.map((colour, k) => [k / (look.ramp.length - 1), colour]);
  const written = across.length <= (look.narrow ? 3 : 12);
  const traces = [
    {
      type: "heatmap",
      z,
      x: across.map((_, k) => k),
      y: down.map((_, k) => k),
      colorscale: scale.slice(1).map(([, colour], k, all) => [k / (all.length - 1), colour]),
      zmin: found.length ? Math.min(...found) : 0,
      zmax: found.length ? Math.max(...found) : 1,
      xgap: 2,
      ygap: 2,
      hoverongaps: false,
      showscale: found.length > 0,
      colorbar: bar,
      customdata: laid((row) => `${escaped(ys[row])}<br>${escaped(xs[row])}<br><b>${escaped(words[row] ?? "")}</b>`),
      hovertemplate: "%{customdata}<extra></extra>",
    },
  ];
  const notes = [];
  if (written) {
    const [least, most] = [Math.min(...found), Math.max(...found)];
    down.forEach((y, j) => {
      across.forEach((x, k) => {
        const row = cell.get(`${y}\u0000${x}`);
        if (row === undefined || !words[row]) return;
        const value = size(given[row]);
        const dark = value !== null && most > least && (value - least) / (most - least) > 0.55;
        notes.push({ x: k, y: j, text: escaped(words[row]), showarrow: false, font: { size: look.narrow ? 9 : 11, color: value === null ? look.soft : dark ? look.paper : look.ink } });
      });
    });
  }
  const ticks = (names) => ({ tickvals: names.length > MOST_BARS ? [] : names.map((_, k) => k), ticktext: names.length > MOST_BARS ? [] : names.map((name) => fitted(name, look)), showgrid: false, zeroline: false });
  const layout = baseLayout(look, {
    height: Math.max(280, 150 + 34 * down.length) + (look.narrow ? 80 : 0),
    annotations: notes,
    margin: { l: 64, r: 16, t: 12, b: 48 },
    xaxis: { ...ticks(across), title: { text: exhibit.x_title }, tickangle: slanted(across, look), range: [-0.5, across.length - 0.5] },
    yaxis: { ...ticks(down), title: { text: exhibit.y_title }, range: [down.length - 0.5, -0.5], tickfont: { size: 11.5, color: look.ink } },
  });
  const columns = [exhibit.y, exhibit.x, exhibit.value, exhibit.word];
  return { traces, layout, data: { columns: columns.map((name) => titled(table.byName[name])), rows: rows.map((row) => columns.map((name) => table.values(name)[row])) } };
}
