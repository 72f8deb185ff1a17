// The map: coast lines, places sized by what stands there in the chosen period, flows to their ends.

const FLOW_WIDTHS = [0.75, 1.5, 2.75, 4.5];

// Longitudes about the middle of the widest gap between places, so that no flow runs off the map.
function turnedAbout(longitudes) {
  const sorted = [...longitudes].sort((a, b) => a - b);
  let widest = -1;
  let edge = -180;
  sorted.forEach((here, place) => {
    const next = place + 1 < sorted.length ? sorted[place + 1] : sorted[0] + 360;
    if (next - here > widest) {
      widest = next - here;
      edge = here + widest / 2;
    }
  });
  return (longitude) => edge + ((((longitude - edge) % 360) + 360) % 360);
}

function coast(rings, turn, look) {
  let path = "";
  const west = Math.round((turn(-180) + 180) / 360);
  for (const shift of [west - 1, west, west + 1]) {
    for (const ring of rings) {
      for (let k = 0; k < ring.length; k += 2) path += `${k ? "L" : "M"}${ring[k] + 360 * shift},${ring[k + 1]}`;
      path += "Z";
    }
  }
  return { type: "path", path, fillcolor: look.land, line: { color: look.rule, width: 0.8 }, layer: "below" };
}

function bent(from, to) {
  const points = [];
  const [dx, dy] = [to[0] - from[0], to[1] - from[1]];
  const lift = 0.12 * Math.hypot(dx, dy);
  for (let k = 0; k <= 20; k++) {
    const t = k / 20;
    points.push([from[0] + t * dx, from[1] + t * dy + lift * 4 * t * (1 - t)]);
  }
  return points;
}

function placesOf(points, plan, turn) {
  const table = plan.tables[points.table];
  const [names, lats, lons] = [table.values(points.name), table.numbers(points.latitude), table.numbers(points.longitude)];
  const found = new Map();
  for (const row of table.all) {
    if (Number.isFinite(lats[row]) && Number.isFinite(lons[row])) found.set(names[row], { row, at: [turn ? turn(lons[row]) : lons[row], lats[row]] });
  }
  return found;
}

function drawMap(exhibit, plan, look, picked, rings) {
  const raw = [exhibit.places, exhibit.ends].map((points) => placesOf(points, plan));
  const longitudes = raw.flatMap((found) => [...found.values()].map((place) => place.at[0]));
  if (!longitudes.length) return nothing("No place of this plan has a latitude and longitude.");
  const turn = turnedAbout(longitudes);
  const [places, ends] = [exhibit.places, exhibit.ends].map((points) => placesOf(points, plan, turn));
  const ignored = new Set();

  const sized = nowBy(plan, exhibit.size_table, [exhibit.places.name], exhibit.size, ignored);
  const table = plan.tables[exhibit.places.table];
  const { rows } = plan.rows(table);
  const states = table.values(exhibit.state);
  const names = table.values(exhibit.places.name);
  const unit = unitOf(plan, exhibit.size_table, exhibit.size);
  const largest = Math.max(...plan.tables[exhibit.size_table].numbers(exhibit.size), 1);
  const groups = new Map();
  const listed = [];
  for (const row of rows) {
    if (!places.has(names[row])) continue;
    if (!groups.has(states[row])) groups.set(states[row], []);
    const mw = sized.get(names[row]) ?? 0;
    groups.get(states[row]).push({ name: names[row], at: places.get(names[row]).at, mw });
    listed.push([names[row], states[row], mw]);
  }
  const flows = flowTraces(exhibit, plan, look, places, ends, ignored);
  const traces = [...flows.traces];
  for (const state of [...exhibit.solid, ...exhibit.hollow].filter((name) => groups.has(name))) {
    const own = groups.get(state);
    const place = exhibit.solid.indexOf(state);
    const hollow = place < 0;
    const colour = hollow ? look.faint : look.series[[0, 1, 6][place % 3]];
    traces.push({
      type: "scatter",
      mode: "markers",
      name: spaced(state),
      x: own.map((found) => found.at[0]),
      y: own.map((found) => found.at[1]),
      customdata: own.map((found) => [escaped(found.name), found.mw]),
      hovertemplate: `<b>%{customdata[0]}</b>, ${escaped(state)}<br>%{customdata[1]:,.1f} ${escaped(unit)} in ${escaped(plan.period)}<extra></extra>`,
      marker: {
        symbol: hollow ? "circle-open" : ["circle", "diamond", "square"][place % 3],
        size: own.map((found) => 7 + (look.narrow ? 15 : 27) * Math.sqrt(Math.max(found.mw, 0) / largest)),
        color: colour,
        opacity: hollow ? 1 : 0.86,
        line: { width: hollow ? 1.5 : 1, color: hollow ? colour : look.surface },
      },
    });
  }
  const at = [...ends.entries()];
  traces.push({
    type: "scatter",
    mode: look.narrow ? "markers" : "markers+text",
    name: spaced(exhibit.ends.name),
    x: at.map(([, end]) => end.at[0]),
    y: at.map(([, end]) => end.at[1]),
    text: at.map(([name]) => escaped(name)),
    textposition: "bottom center",
    textfont: { size: 11, color: look.ink, shadow: `0 0 3px ${look.water}, 0 0 2px ${look.water}` },
    marker: { symbol: "x-thin-open", size: 8, color: look.ink, line: { width: 1.75, color: look.ink } },
    customdata: at.map(([name]) => [escaped(name), flows.into.get(name) ?? 0]),
    hovertemplate: `<b>%{customdata[0]}</b><br>served with %{customdata[1]:,.1f} ${escaped(flows.unit)} in ${escaped(plan.period)}<extra></extra>`,
  });
  const xs = [...places.values(), ...ends.values()].map((place) => place.at[0]);
  const ys = [...places.values(), ...ends.values()].map((place) => place.at[1]);
  const span = (values, least, pad) => {
    const [low, high] = [Math.min(...values), Math.max(...values)];
    const half = Math.max((high - low) / 2 + pad, least / 2);
    return [(low + high) / 2 - half, (low + high) / 2 + half];
  };
  const wrap = (value) => ((((value + 180) % 360) + 360) % 360) - 180;
  const [from, to] = span(xs, 60, 12);
  const step = to - from > 150 ? 30 : 10;
  const ticks = [];
  for (let tick = Math.ceil(from / step) * step; tick <= to; tick += step) ticks.push(tick);
  const axis = { zeroline: false, fixedrange: false };
  const layout = baseLayout(look, {
    height: look.narrow ? 340 : 520,
    plot_bgcolor: look.water,
    dragmode: "pan",
    margin: { l: 56, r: 8, t: 8, b: 44 },
    legend: { orientation: "h", y: 1.02, yanchor: "bottom", x: 0, font: { size: 12 }, itemsizing: "constant", maxheight: 600 },
    xaxis: { ...axis, range: [from, to], title: { text: "Longitude (degrees)" }, tickvals: ticks, ticktext: ticks.map((tick) => String(Math.round(wrap(tick)))) },
    yaxis: { ...axis, range: span(ys, 40, 10), title: { text: "Latitude (degrees)" }, scaleanchor: "x", scaleratio: 1.15 },
    shapes: [coast(rings, turn, look)],
  });
  const columns = [spaced(exhibit.places.name), spaced(exhibit.state), `${spaced(exhibit.size.replace(/_mw$/, ""))}, ${plan.period} (${unit})`];
  const remark = flows.most ? `The widest line carries ${short(flows.most)} ${flows.unit} in ${plan.period}.` : "";
  return { traces, layout, data: { columns, rows: listed }, ignored: [...ignored], remark, config: { scrollZoom: false } };
}

// Sums of a column in the chosen period, by some columns.
function nowBy(plan, name, keys, value, ignored) {
  const table = plan.tables[name];
  const found = plan.rows(table);
  found.ignored.forEach((title) => ignored.add(title));
  const periods = table.values(plan.roles.period);
  const numbers = table.numbers(value);
  const columns = keys.map((key) => table.values(key));
  const sums = new Map();
  for (const row of found.rows) {
    if (periods[row] !== plan.period || Number.isNaN(numbers[row])) continue;
    const key = columns.map((column) => column[row]).join("\u0000");
    sums.set(key, (sums.get(key) ?? 0) + numbers[row]);
  }
  return sums;
}

function flowTraces(exhibit, plan, look, places, ends, ignored) {
  const sums = nowBy(plan, exhibit.flow_table, [exhibit.places.name, exhibit.ends.name], exhibit.flow, ignored);
  const unit = unitOf(plan, exhibit.flow_table, exhibit.flow);
  const most = Math.max(0, ...sums.values());
  const into = new Map();
  const classes = FLOW_WIDTHS.map(() => ({ x: [], y: [] }));
  const middles = { x: [], y: [], text: [] };
  for (const [key, mw] of sums) {
    const [from, to] = key.split("\u0000");
    into.set(to, (into.get(to) ?? 0) + mw);
    if (!places.has(from) || !ends.has(to) || mw <= 0) continue;
    const size = Math.min(FLOW_WIDTHS.length - 1, Math.floor(FLOW_WIDTHS.length * Math.sqrt(mw / most)));
    const points = bent(places.get(from).at, ends.get(to).at);
    for (const [x, y] of points) {
      classes[size].x.push(x);
      classes[size].y.push(y);
    }
    classes[size].x.push(null);
    classes[size].y.push(null);
    middles.x.push(points[10][0]);
    middles.y.push(points[10][1]);
    middles.text.push(`${escaped(from)} to ${escaped(to)}<br><b>${shownNumber(mw, "#,##0.0")}</b> ${escaped(unit)}`);
  }
  const traces = classes.map((own, size) => ({
    type: "scatter",
    mode: "lines",
    ...own,
    line: { width: FLOW_WIDTHS[size], color: look.accent },
    opacity: 0.42,
    hoverinfo: "skip",
    showlegend: false,
  }));
  traces.push({
    type: "scatter",
    mode: "markers",
    ...middles,
    hovertemplate: "%{text}<extra></extra>",
    marker: { size: 10, opacity: 0 },
    showlegend: false,
  });
  return { traces, into, unit, most };
}
