// Bars: of the chosen period with what they must reach, of the largest values, and of costs.

function drawSnapshot(exhibit, plan, look) {
  const table = plan.tables[exhibit.table];
  const { rows, ignored } = plan.rows(table);
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
  return { traces, layout, data: { columns, rows: sorted.map((row) => [name(row), value[row], target[row]]) }, ignored, remark, unit };
}

function drawRanking(exhibit, plan, look) {
  const table = plan.tables[exhibit.table];
  const { rows, ignored } = plan.rows(table);
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
  return { traces, layout, data: { columns: [exhibit.label.map(spaced).join(": "), column], rows: sorted.map((row) => [name(row), values[row]]) }, ignored, remark };
}

function drawBridge(exhibit, plan, look, picked) {
  const by = picked.by ?? exhibit.by[0];
  const table = plan.tables[exhibit.table];
  const { rows, ignored } = plan.rows(table);
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
      textangle: look.narrow ? -90 : 0,
      constraintext: "none",
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
  return { traces, layout, data: { columns: [spaced(by), column], rows: [...every, ["Total", total]] }, ignored };
}
