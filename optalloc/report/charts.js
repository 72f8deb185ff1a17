// Each kind of exhibit as traces and a layout for Plotly, with the figures that it draws as a table.
// A drawing is { traces, layout, data: { columns, rows }, ignored, empty }.

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
  const ignored = new Set();
  let lines = [];
  for (const series of exhibit.series) {
    const sums = plan.sums(plan.tables[series.table], series.value, exhibit.by);
    sums.ignored.forEach((title) => ignored.add(`${series.label}: ${title}`));
    const unit = unitOf(plan, series.table, series.value) + (exhibit.per_year ? " per year" : "");
    if (exhibit.per_year) sums.found.forEach((values, group) => sums.found.set(group, values.map((value, place) => value / plan.years[place])));
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
  return { traces, layout, data: { columns, rows }, ignored: [...ignored] };
}

// A chart of a table as it stands, without roles.
function drawPlain(chart, plan, look) {
  const table = plan.tables[chart.table];
  const { rows, ignored } = plan.rows(table);
  const x = rows.map((row) => String(table.values(chart.x)[row]));
  // The first series of a bridge is not seen, so that the others float.
  const seen = (place) => chart.drawn !== "bridge" || place > 0;
  const traces = chart.series.map((name, place) => ({
    opacity: seen(place) ? 1 : 0,
    showlegend: seen(place),
    name: measured(name),
    x,
    y: rows.map((row) => table.numbers(name)[row]),
    type: chart.drawn === "line" ? "scatter" : "bar",
    mode: "lines+markers",
    line: { color: look.series[place], width: 2.25, dash: DASHES[place % DASHES.length] },
    marker: { color: look.series[place], symbol: SYMBOLS[place % SYMBOLS.length], size: 6 },
    hovertemplate: `${escaped(measured(name))}<br>%{x}: <b>%{y:,.1f}</b><extra></extra>`,
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
  return { traces, layout, data: { columns, rows: shown }, ignored };
}
