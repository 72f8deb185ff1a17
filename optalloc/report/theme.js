// One look for every chart, taken from the page's own style, light or dark.

const DASHES = ["solid", "dash", "dot", "dashdot", "longdash", "longdashdot"];
const SYMBOLS = ["circle", "square", "diamond", "triangle-up", "cross", "x", "star"];
const PATTERNS = ["", "/", ".", "x", "-", "\\", "|"];

function theme() {
  const style = getComputedStyle(document.documentElement);
  const read = (name) => style.getPropertyValue(`--${name}`).trim();
  return {
    ...Object.fromEntries(
      ["paper", "surface", "ink", "soft", "faint", "rule", "wash", "accent", "land", "water", "flag"].map(
        (name) => [name, read(name)],
      ),
    ),
    series: read("series").split(" "),
    ramp: read("ramp").split(" "),
    sans: read("sans"),
    narrow: window.innerWidth < 640,
  };
}

// A name that leaves room for the chart beside it: names with the same beginning often differ at their ends.
function fitted(name, look) {
  const most = look.narrow ? 21 : 44;
  if (name.length <= most) return escaped(name);
  const head = Math.ceil((most - 1) / 2);
  return escaped(`${name.slice(0, head).trimEnd()}…${name.slice(head + 1 - most).trimStart()}`);
}

// What a legend takes above a chart, in pixels; where the window is narrow each name has a line.
function legendHeight(traces, look) {
  const names = new Set(traces.filter((trace) => trace.showlegend !== false && trace.name).map((trace) => trace.name));
  return look.narrow && names.size > 1 ? 19 * names.size + 8 : 0;
}

// Names of a category axis, each a category of its own even where they are cut to the same.
function namedAxis(names, look) {
  return { type: "category", tickvals: names.map(escaped), ticktext: names.map((name) => fitted(name, look)), showgrid: false, tickfont: { size: look.narrow ? 10 : 11.5, color: look.ink } };
}

function baseLayout(look, more = {}) {
  const axis = {
    gridcolor: look.rule,
    linecolor: look.rule,
    zerolinecolor: look.rule,
    tickcolor: look.rule,
    automargin: true,
    fixedrange: true,
    title: { font: { size: 12, color: look.soft }, standoff: 12 },
    tickfont: { size: 11.5, color: look.soft },
  };
  const { xaxis = {}, yaxis = {}, ...rest } = more;
  const joined = (own) => ({ ...axis, ...own, title: { ...axis.title, ...own.title } });
  const across = joined(xaxis);
  if (look.narrow && across.title.text) across.title.text = inLines(across.title.text, 34);
  return {
    font: { family: look.sans, size: 12.5, color: look.ink },
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    margin: { l: 64, r: 16, t: 12, b: 48 },
    height: 380,
    hovermode: "closest",
    hoverlabel: {
      bgcolor: look.surface,
      bordercolor: look.rule,
      font: { family: look.sans, size: 12.5, color: look.ink },
      align: "left",
    },
    legend: { orientation: "h", y: 1.02, yanchor: "bottom", x: 0, font: { size: 12 }, traceorder: "normal", maxheight: 600 },
    dragmode: false,
    transition: { duration: 0 },
    ...rest,
    xaxis: across,
    yaxis: joined(yaxis),
  };
}

// A title in lines of so many letters, broken between words.
function inLines(text, most) {
  const lines = [""];
  for (const word of text.split(" ")) {
    const longer = `${lines.at(-1)} ${word}`.trim();
    if (longer.length > most && lines.at(-1)) lines.push(word);
    else lines[lines.length - 1] = longer;
  }
  return lines.join("<br>");
}

// Text that Plotly would read as markup.
function escaped(text) {
  return String(text).replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
}

function periodAxis(plan) {
  return {
    type: "category",
    categoryorder: "array",
    categoryarray: plan.periods,
    range: [-0.5, plan.periods.length - 0.5],
    title: { text: plan.roles.title },
    showgrid: false,
  };
}

// A line behind the chosen period.
function chosenPeriod(plan, look) {
  const at = plan.state.period;
  return {
    type: "rect",
    xref: "x",
    yref: "paper",
    x0: at - 0.5,
    x1: at + 0.5,
    y0: 0,
    y1: 1,
    fillcolor: look.accent,
    opacity: 0.1,
    line: { width: 0 },
    layer: "below",
  };
}
