// Pictures of what may come: a tree of dated nodes, distributions, and values between two bounds.

// More labels than that would cover each other.
const MOST_LABELS = 40;

function mixed(one, other, part) {
  const channel = (colour, at) => parseInt(colour.slice(at, at + 2), 16);
  const joined = [1, 3, 5].map((at) => Math.round(channel(one, at) + part * (channel(other, at) - channel(one, at))));
  return `#${joined.map((value) => value.toString(16).padStart(2, "0")).join("")}`;
}

// A colour of the ramp, for a part from 0 to 1.
function onRamp(ramp, part) {
  const at = Math.min(Math.max(part, 0), 1) * (ramp.length - 1);
  const below = Math.min(Math.floor(at), ramp.length - 2);
  return mixed(ramp[below], ramp[below + 1], at - below);
}

// Middle of each node from top to bottom: nodes without a child one below the other, the others in the midst of theirs.
function treeMiddles(rows, children, share, gap) {
  const middle = new Map();
  let next = 0;
  const place = (row) => {
    const below = children.get(row) ?? [];
    if (!below.length) {
      middle.set(row, next + share[row] / 2);
      next += share[row] + gap;
      return;
    }
    below.forEach(place);
    const total = below.reduce((sum, child) => sum + share[child], 0);
    middle.set(row, below.reduce((sum, child) => sum + (share[child] / total) * middle.get(child), 0));
  };
  rows.forEach(place);
  return { middle, foot: next - gap };
}

function branchPath(from, to, parent, child) {
  const between = new Date((Date.parse(from) + Date.parse(to)) / 2).toISOString().slice(0, 10);
  const [top, foot] = parent;
  const [over, under] = child;
  return `M${from},${top}C${between},${top} ${between},${over} ${to},${over}L${to},${under}C${between},${under} ${between},${foot} ${from},${foot}Z`;
}

function drawBranches(exhibit, plan, look) {
  const table = plan.tables[exhibit.table];
  const { rows } = plan.rows(table);
  if (rows.length < 2) return nothing("Nothing becomes known.");
  const [names, parents, dates, labels] = [exhibit.node, exhibit.parent, exhibit.date, exhibit.label].map((name) => table.values(name));
  const [share, value] = [exhibit.share, exhibit.value].map((name) => table.numbers(name));
  const at = new Map(rows.map((row) => [names[row], row]));
  const children = new Map();
  const first = rows.filter((row) => parents[row] === null || !at.has(parents[row]));
  for (const row of rows) {
    const above = at.get(parents[row]);
    if (above === undefined) continue;
    if (!children.has(above)) children.set(above, []);
    children.get(above).push(row);
  }
  const ends = rows.filter((row) => !children.has(row));
  const { middle, foot } = treeMiddles(first, children, share, 0.6 / Math.max(ends.length, 2));
  const [least, most] = [Math.min(...rows.map((row) => value[row])), Math.max(...rows.map((row) => value[row]))];
  const ramp = look.ramp.slice(1);
  const colour = (row) => onRamp(ramp, most > least ? (value[row] - least) / (most - least) : 0.4);
  const shapes = [];
  for (const [row, below] of children) {
    let top = middle.get(row) - share[row] / 2;
    for (const child of below) {
      const reached = [middle.get(child) - share[child] / 2, middle.get(child) + share[child] / 2];
      shapes.push({ type: "path", path: branchPath(dates[row], dates[child], [top, top + share[child]], reached), fillcolor: colour(child), opacity: 0.75, line: { width: 0 }, layer: "below" });
      top += share[child];
    }
  }
  for (const row of rows) shapes.push({ type: "line", x0: dates[row], x1: dates[row], y0: middle.get(row) - share[row] / 2, y1: middle.get(row) + share[row] / 2, line: { color: look.ink, width: 3 } });
  const percent = (row) => shownNumber(share[row], "0.# %");
  const unit = table.byName[exhibit.value].unit;
  const said = (row) => [labels[row], ...exhibit.words.map((name) => table.values(name)[row])].filter(Boolean).map(escaped);
  const bar = { title: { text: titled(table.byName[exhibit.value]), side: look.narrow ? "top" : "right", font: { size: 12, color: look.soft } }, thickness: 14, outlinewidth: 0, tickfont: { size: 11, color: look.soft }, tickformat: ",~r" };
  if (look.narrow) Object.assign(bar, { orientation: "h", x: 0.5, xanchor: "center", y: 1.02, yanchor: "bottom", len: 1 });
  const traces = [
    {
      type: "scatter",
      mode: "markers",
      showlegend: false,
      x: rows.map((row) => dates[row]),
      y: rows.map((row) => middle.get(row)),
      marker: { size: 11, color: rows.map((row) => value[row]), cmin: least, cmax: most, colorscale: ramp.map((tone, k) => [k / (ramp.length - 1), tone]), showscale: most > least, colorbar: bar, line: { color: look.ink, width: 1.5 } },
      customdata: rows.map((row) => `<b>${said(row)[0] ?? "Nothing is known"}</b>${said(row).length > 1 ? `<br>known: ${said(row).at(-1)}` : ""}<br>${dates[row]}, probability ${percent(row)}<br>${escaped(spaced(exhibit.value))} ${short(value[row])} ${escaped(unit)}`),
      hovertemplate: "%{customdata}<extra></extra>",
    },
  ];
  const labelled = ends.length <= MOST_LABELS ? rows : rows.filter((row) => share[row] > 1.5 / MOST_LABELS);
  const days = [...new Set(rows.map((row) => dates[row]))].sort();
  const span = Date.parse(days.at(-1)) - Date.parse(days[0]) || 864e5;
  // From the words of a label to those of its outcomes and to its share alone, as there is room.
  const outcomes = (row) => String(labels[row]).split("; ").map((one) => one.split("=").at(-1)).join(", ");
  const wordings = (row) => [...(look.narrow ? [] : [`${labels[row]}, ${percent(row)}`]), `${outcomes(row)}, ${percent(row)}`, percent(row)];
  const ending = (row) => `${wordings(row)[0]}: ${short(value[row])}`;
  const [width, letter] = look.narrow ? [250, 5.5] : [720, 6.5];
  const room = Math.min(20 + letter * Math.max(...ends.map((row) => ending(row).length)), 0.6 * width);
  const [begin, end] = [Date.parse(days[0]) - span * 0.03, Date.parse(days.at(-1)) + (span * room) / (width - room)].map((at) => new Date(at).toISOString().slice(0, 10));
  const until = (row) => Math.min(...(children.get(row) ?? []).map((child) => Date.parse(dates[child])));
  const fits = (row) => (((until(row) - Date.parse(dates[row])) / (Date.parse(end) - Date.parse(begin))) * width - 16) / letter;
  const wording = (row) => (children.has(row) ? wordings(row).find((words) => words.length <= fits(row)) : ending(row));
  const annotations = labelled
    .filter((row) => labels[row] && wording(row))
    .map((row) => ({ x: dates[row], y: middle.get(row), text: escaped(wording(row)), showarrow: false, xanchor: "left", xshift: 9, font: { size: look.narrow ? 10 : 11.5, color: look.ink }, bgcolor: look.surface, opacity: 0.92, borderpad: 1 }));
  const layout = baseLayout(look, {
    height: Math.min(Math.max(320, 110 + 36 * ends.length), 1100) + (look.narrow ? 70 : 0),
    margin: { l: 40, r: 16, t: 12, b: 48 },
    shapes,
    annotations,
    xaxis: { type: "date", title: { text: spaced(exhibit.date) }, range: [begin, end], tickvals: days, ticktext: days, tickangle: look.narrow || days.length > 5 ? -35 : 0, showgrid: true },
    yaxis: { title: { text: spaced(exhibit.share) }, range: [foot + 0.05, -0.05], showticklabels: false, ticks: "", showline: false, showgrid: false, zeroline: false },
  });
  const columns = [exhibit.date, exhibit.label, ...exhibit.words, exhibit.share, exhibit.value];
  return { traces, layout, data: { columns: columns.map((name) => titled(table.byName[name])), rows: rows.map((row) => columns.map((name) => table.values(name)[row])) } };
}

// Values with the shares of the rows that have no more, as points of steps.
function cumulated(rows, values, share, labels) {
  const sorted = rows.filter((row) => Number.isFinite(values[row])).sort((a, b) => values[a] - values[b]);
  const points = [];
  let reached = 0;
  for (const row of sorted) {
    reached += share[row];
    const last = points.at(-1);
    if (last && last.x === values[row]) Object.assign(last, { y: reached, names: [...last.names, labels[row]] });
    else points.push({ x: values[row], y: reached, names: [labels[row]] });
  }
  return points;
}

function drawDistribution(exhibit, plan, look) {
  const table = plan.tables[exhibit.table];
  const { rows } = plan.rows(table);
  const [share, labels] = [table.numbers(exhibit.share), table.values(exhibit.label)];
  const steps = exhibit.series.map((series) => cumulated(rows, table.numbers(series.value), share, labels));
  const xs = steps.flat().map((point) => point.x);
  if (!xs.length) return nothing("Nothing to draw.");
  const pad = 0.06 * (Math.max(...xs) - Math.min(...xs)) || Math.max(1, 0.1 * Math.abs(xs[0]));
  const range = [Math.min(...xs) - pad, Math.max(...xs) + pad];
  const traces = steps.map((points, place) => {
    const colour = place ? look.soft : look.series[0];
    const named = (point) => `${point.names.slice(0, 4).map(escaped).join("<br>")}${point.names.length > 4 ? `<br>and ${point.names.length - 4} more` : ""}`;
    return {
      type: "scatter",
      mode: "lines",
      name: escaped(exhibit.series[place].label),
      legendrank: place,
      x: [range[0], ...points.map((point) => point.x), range[1]],
      y: [0, ...points.map((point) => point.y), points.at(-1)?.y ?? 0],
      line: { shape: "hv", color: colour, width: place ? 2 : 2.75, dash: exhibit.series[place].dash },
      customdata: ["", ...points.map(named), ""],
      hovertemplate: "%{x:,.1f}: <b>%{y:.1%}</b><br>%{customdata}<extra></extra>",
    };
  });
  traces.reverse();
  const summary = plan.tables.Summary;
  const known = summary ? summary.values("figure") : [];
  exhibit.marks.forEach((figure, place) => {
    const row = known.indexOf(figure);
    if (row < 0) return;
    const value = Number(summary.values("value")[row]);
    const colour = look.series[place ? 5 : 2];
    traces.push({ type: "scatter", mode: "lines", name: escaped(`${spaced(figure)}: ${short(value)}`), x: [value, value], y: [0, 1], line: { color: colour, width: 2, dash: "dash" }, hovertemplate: `${escaped(spaced(figure))}: <b>${short(value)}</b><extra></extra>` });
  });
  const layout = baseLayout(look, {
    height: 400,
    xaxis: { title: { text: exhibit.x_title }, range, tickformat: ",~r", zeroline: false },
    yaxis: { title: { text: "Probability of no more" }, range: [-0.02, 1.04], tickformat: ".0%" },
  });
  const columns = [exhibit.label, exhibit.share, ...exhibit.series.map((series) => series.value)];
  return { traces, layout, data: { columns: columns.map((name) => titled(table.byName[name])), rows: rows.map((row) => columns.map((name) => table.values(name)[row])) } };
}

function drawIntervals(exhibit, plan, look) {
  const table = plan.tables[exhibit.table];
  const { rows } = plan.rows(table);
  const [labels, low, high] = [table.values(exhibit.label), table.numbers(exhibit.at_least), table.numbers(exhibit.at_most)];
  const top = (row) => (Number.isNaN(high[row]) ? low[row] : high[row]);
  const sorted = rows.filter((row) => !Number.isNaN(low[row])).sort((a, b) => top(b) - top(a));
  if (!sorted.some((row) => top(row) > 1e-9)) return nothing("None of it: in every case it is zero.");
  const shown = sorted.slice(0, MOST_LINES);
  const unit = unitOf(plan, exhibit.table, exhibit.at_least);
  const inWords = (row) => {
    if (Number.isNaN(high[row])) return `at least ${short(low[row])}`;
    return short(low[row]) === short(high[row]) ? short(low[row]) : `${short(low[row])} to ${short(high[row])}`;
  };
  const spread = shown.map((row) => top(row) - low[row]);
  const traces = [
    {
      type: "bar",
      orientation: "h",
      y: shown.map((_, place) => place),
      x: shown.map((row) => low[row]),
      marker: { color: look.series[0] },
      ...errorBars(look, shown.map(() => 0), spread, true),
      customdata: shown.map((row) => `${escaped(labels[row])}<br><b>${inWords(row)}</b> ${escaped(unit)}`),
      hovertemplate: "%{customdata}<extra></extra>",
    },
    {
      type: "scatter",
      mode: "text",
      showlegend: false,
      hoverinfo: "skip",
      y: shown.map((_, place) => place),
      x: shown.map(top),
      text: shown.map((row) => `\u2002${inWords(row)}`),
      textposition: "middle right",
      textfont: { size: 11, color: look.soft },
      cliponaxis: false,
    },
  ];
  const layout = baseLayout(look, {
    height: Math.max(220, 100 + 27 * shown.length),
    bargap: 0.4,
    showlegend: false,
    margin: { l: 64, r: 72, t: 12, b: 48 },
    xaxis: { title: { text: exhibit.x_title }, rangemode: "tozero", tickformat: ",~r" },
    yaxis: { title: { text: spaced(exhibit.label) }, tickvals: shown.map((_, place) => place), ticktext: shown.map((row) => fitted(String(labels[row]), look)), range: [shown.length - 0.5, -0.5], showgrid: false, zeroline: false, tickfont: { size: 11.5, color: look.ink } },
  });
  const columns = [exhibit.label, exhibit.at_least, exhibit.at_most];
  const remark = sorted.length > shown.length ? `The ${shown.length} largest of ${sorted.length}.` : "";
  return { traces, layout, data: { columns: columns.map((name) => titled(table.byName[name])), rows: sorted.map((row) => columns.map((name) => table.values(name)[row])) }, remark };
}
