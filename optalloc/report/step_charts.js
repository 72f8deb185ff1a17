// Lines that move in steps: gaps over time, and shares over a ratio.

const MOST_STEP_LINES = 300;

// An axis of logarithms with the ticks 1, 2, 5, 10 and so on.
function logTicks(from, to) {
  const ticks = [];
  for (let power = Math.floor(Math.log10(from)); 10 ** power <= to; power += 1) {
    for (const digit of to / from > 2000 ? [1] : [1, 2, 5]) {
      const tick = Number((digit * 10 ** power).toPrecision(1));
      if (tick >= from / 1.001 && tick <= to) ticks.push(tick);
    }
  }
  return { type: "log", range: [Math.log10(from), Math.log10(to)], tickvals: ticks, ticktext: ticks.map((tick) => tick.toLocaleString("en-US")) };
}

function drawSteps(exhibit, plan, look) {
  const table = plan.tables[exhibit.table];
  const { rows, ignored } = plan.rows(table);
  const [xs, ys, by, lines] = [table.numbers(exhibit.x), table.numbers(exhibit.y), table.values(exhibit.by), table.values(exhibit.line)];
  const there = rows.filter((row) => Number.isFinite(xs[row]) && Number.isFinite(ys[row]));
  if (!there.length) return nothing("Nothing to draw.");
  // Colours are those of the whole table, so that a route keeps its own whatever is chosen.
  const names = [...new Set(table.all.map((row) => by[row]))];
  const byLine = new Map();
  for (const row of there) {
    if (!byLine.has(lines[row])) byLine.set(lines[row], []);
    byLine.get(lines[row]).push(row);
  }
  const shown = [...byLine].slice(0, MOST_STEP_LINES);
  const [xLog, yLog] = ["x", "y"].map((axis) => exhibit.logs.includes(axis));
  const last = Math.max(...there.map((row) => xs[row]));
  const end = exhibit.share ? Math.max(1.1 * last, 2) : last;
  const first = Math.max(exhibit.share ? 1 : 0.1, Math.min(...there.map((row) => xs[row])));
  const legend = new Set();
  const traces = shown.map(([name, own]) => {
    const group = by[own[0]];
    const place = names.indexOf(group);
    const listed = !legend.has(group);
    legend.add(group);
    const x = own.map((row) => Math.max(xs[row], xLog ? first : 0));
    const y = own.map((row) => Math.max(ys[row], exhibit.least));
    // A share holds up to the end of the axis.
    if (exhibit.share) {
      x.push(end);
      y.push(y.at(-1));
    }
    return {
      type: "scatter",
      mode: x.length === 1 ? "markers" : "lines",
      name: escaped(group),
      legendgroup: escaped(group),
      legendrank: place,
      showlegend: listed,
      x,
      y,
      marker: { color: look.series[place % look.series.length], size: 7 },
      line: { shape: "hv", color: look.series[place % look.series.length], dash: DASHES[Math.floor(place / look.series.length) % DASHES.length], width: shown.length > 30 ? 1.25 : 2.25 },
      customdata: x.map(() => escaped(name)),
      hovertemplate: exhibit.share ? "%{customdata}<br>%{x:,.3~g} times: <b>%{y:.1%}</b><extra></extra>" : "%{customdata}<br>%{x:,.1f} s: <b>%{y:,.3~g} %</b><extra></extra>",
    };
  });
  const layout = baseLayout(look, {
    height: 440,
    showlegend: true,
    xaxis: { title: { text: exhibit.x_title }, ...(xLog ? logTicks(first, end) : { rangemode: "tozero", tickformat: ",~r" }), showgrid: false },
    yaxis: { title: { text: exhibit.y_title }, ...(yLog ? { type: "log", dtick: 1, tickformat: ",~r" } : {}), ...(exhibit.share ? { range: [-0.02, 1.04], tickformat: ".0%" } : {}) },
  });
  const columns = [...new Set([exhibit.by, exhibit.line, exhibit.x, exhibit.y])];
  const remark = byLine.size > shown.length ? `The first ${shown.length} of ${byLine.size} runs; choose an instance or a route.` : "";
  return { traces, layout, remark, ignored, data: { columns: columns.map((name) => titled(table.byName[name])), rows: there.map((row) => columns.map((name) => table.values(name)[row])) } };
}
