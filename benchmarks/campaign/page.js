// The campaign's figures in the look of a report: each name has its colour and dash on all of them.

function dressed(figure, names, look) {
  return figure.data.map((trace) => {
    const place = names.indexOf(trace.name);
    const color = look.series[place % look.series.length];
    const dash = DASHES[Math.floor(place / look.series.length) % DASHES.length];
    return trace.type === "bar" ? { ...trace, marker: { color } } : { ...trace, line: { ...trace.line, color, dash } };
  });
}

function drawAll(figures) {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  document.documentElement.dataset.theme = dark.matches ? "dark" : "light";
  const look = theme();
  const names = [...new Set(figures.flatMap((figure) => figure.data.map((trace) => trace.name)))];
  figures.forEach((figure, place) => {
    const traces = dressed(figure, names, look);
    const layout = baseLayout(look, { ...figure.layout, hovermode: "closest" });
    layout.height += legendHeight(traces, look);
    Plotly.react(document.getElementById(`figure-${place}`), traces, layout, { responsive: true, displaylogo: false, displayModeBar: false });
  });
}

(async () => {
  const figures = JSON.parse(await unpacked("packed-figures"));
  const made = document.createElement("script");
  made.append(await unpacked("packed-plotly"));
  document.head.append(made);
  drawAll(figures);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => drawAll(figures));
  document.documentElement.dataset.ready = "true";
})();
