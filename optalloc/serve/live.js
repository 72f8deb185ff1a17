// Live parts of the server's pages: progress, chart of incumbent, bound and gap, sliders, uploads, places.

const EVERY_MS = 1000;

function setText(id, text) {
  const place = document.getElementById(id);
  // Only a changed text is written, so that nothing flickers.
  if (place && place.textContent !== text) place.textContent = text;
}

function asNumber(value) {
  return value === null ? "–" : value.toLocaleString("en", { minimumFractionDigits: 4, maximumFractionDigits: 4 });
}

function asPercent(share) {
  return `${(100 * share).toFixed(3)} %`;
}

// Range and ticks of an axis of powers of ten, from one to another, with at most four labels.
function decades(values) {
  const powers = values.filter((value) => value > 0).map((value) => Math.log10(value));
  if (!powers.length) return {};
  const low = Math.floor(Math.min(...powers));
  const high = Math.max(Math.ceil(Math.max(...powers)), low + 1);
  return { range: [low - 0.1, high + 0.1], tick0: low, dtick: Math.ceil((high - low) / 3) };
}

// Cost of plan and bound above, the area between them filled; their gap below, by powers of ten.
function drawProof(chart, points) {
  if (!window.Plotly) return;
  const look = theme();
  const x = points.map((point) => point[0]);
  const line = (name, place, dash, symbol, colour, more) => ({
    name,
    x,
    y: points.map((point) => point[place]),
    type: "scatter",
    mode: "lines+markers",
    line: { shape: "hv", color: colour, width: 2.25, dash },
    marker: { color: colour, size: 6, symbol },
    hovertemplate: `${name}<br>%{x:,.1f} s: <b>%{y:,.4f}</b> M<extra></extra>`,
    ...more,
  });
  const both = points.filter((point) => point[1] !== null && point[2] !== null);
  const end = (place, shape) => ({ x: both.map((point) => point[0]), y: both.map((point) => point[place]), type: "scatter", mode: "lines", line: { shape: "hv", width: 0 }, hoverinfo: "skip", showlegend: false, ...shape });
  const gap = {
    name: "Gap",
    // A logarithm has no zero: a proven plan is said beside the curve.
    x,
    y: points.map((point) => (point[3] ? 100 * point[3] : null)),
    type: "scatter",
    mode: "lines+markers",
    line: { shape: "hv", color: look.series[1], width: 2.25 },
    marker: { color: look.series[1], size: 6, symbol: "diamond" },
    yaxis: "y2",
    hovertemplate: "Gap<br>%{x:,.1f} s: <b>%{y:,.3~g}</b> %<extra></extra>",
  };
  const traces = [
    end(2, {}),
    end(1, { fill: "tonexty", fillcolor: `${look.series[1]}2e` }),
    line("Best plan so far", 1, "solid", "circle", look.series[5]),
    line("Bound: no plan costs less", 2, "dash", "square", look.series[0]),
    gap,
  ];
  const last = points.at(-1);
  const words = !last ? chart.dataset.none : last[3] === null ? "" : last[3] ? `gap ${asPercent(last[3])}` : "proven: no gap";
  const place = last ? { x: 1, y: 0.27, xanchor: "right", yanchor: "top" } : { x: 0.5, y: 0.6 };
  const layout = baseLayout(look, {
    hovermode: "x",
    xaxis: { title: { text: "Time in the solver (s)" }, rangemode: "tozero", anchor: "y2" },
    yaxis: { title: { text: "Cost (M, present value)" }, tickformat: ",~r", domain: [0.38, 1] },
    annotations: words ? [{ text: words, showarrow: false, xref: "paper", yref: "paper", font: { color: last ? look.ink : look.soft }, ...place }] : [],
  });
  const own = { type: "log", tickformat: "~g", domain: [0, 0.27], ...decades(gap.y), visible: Boolean(last) };
  layout.yaxis2 = { ...layout.yaxis, title: { ...layout.yaxis.title, text: "Gap (%)" }, ...own };
  // Labels are short, and margins that follow axes and legend are worked out without end.
  layout.xaxis.automargin = layout.yaxis.automargin = layout.yaxis2.automargin = false;
  layout.margin = { ...layout.margin, l: 84, t: look.narrow ? 76 : 40, b: 56 };
  layout.yaxis.visible = layout.xaxis.visible = Boolean(last);
  window.Plotly.react(chart, traces, layout, { responsive: true, displayModeBar: false });
}

function drawSteps(step) {
  const bar = document.getElementById("steps");
  if (!bar) return;
  bar.parentElement.hidden = !step.length;
  if (!step.length) return;
  const [, done, total] = step;
  bar.max = Math.max(total, 1);
  bar.value = done;
  setText("steps-words", `${done.toLocaleString("en")} of ${total.toLocaleString("en")}`);
}

function wordsOf(watched, now) {
  if (now.place) return `It waits for its turn. Place ${now.place} in the queue.`;
  const words = now.state === "running" && watched.dataset.state === "waiting" ? "It has begun." : watched.dataset.words;
  return now.phase ? `${words} Now: ${now.phase}.` : words;
}

async function look(watched, chart) {
  const address = watched?.dataset.watch ?? chart.dataset.points;
  const answer = await fetch(address, { credentials: "same-origin" });
  if (answer.status === 404) {
    location.reload();
    return;
  }
  const now = await answer.json();
  if (chart) {
    const last = now.points.at(-1);
    if (last && watched) {
      setText("seconds", last[0].toLocaleString("en", { maximumFractionDigits: 0 }));
      setText("incumbent", asNumber(last[1]));
      setText("bound", asNumber(last[2]));
      setText("gap", last[3] === null ? "–" : asPercent(last[3]));
    }
    const drawn = JSON.stringify(now.points);
    if (chart.dataset.drawn !== drawn) {
      drawProof(chart, now.points);
      chart.dataset.drawn = drawn;
    }
  }
  if (!watched) return;
  drawSteps(now.step);
  setText("phase", wordsOf(watched, now));
  // Another state has other buttons, which the server renders.
  if (now.state !== watched.dataset.state && !(watched.dataset.state === "waiting" && now.place)) location.reload();
}

function watch() {
  const watched = document.querySelector("[data-watch]");
  const chart = document.getElementById("chart");
  if (!watched && !chart) return;
  const again = async () => {
    try {
      await look(watched, chart);
      document.documentElement.dataset.live = "yes";
    } catch {
      setText("phase", "The server does not answer. It is asked again.");
    }
    if (watched) setTimeout(again, EVERY_MS);
  };
  again();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    if (chart?.dataset.drawn) drawProof(chart, JSON.parse(chart.dataset.drawn));
  });
}

function shownNumber(value) {
  return value.toLocaleString("en", { maximumSignificantDigits: 6 });
}

function sliders() {
  for (const lever of document.querySelectorAll(".lever")) {
    const slider = lever.querySelector("input");
    const rows = lever.querySelector("select");
    const output = lever.querySelector("output");
    const integer = lever.dataset.integer === "1";
    const absolute = lever.dataset.absolute === "1";
    const update = () => {
      const at = Number(slider.value);
      const neutral = at === Number(slider.dataset.neutral);
      const { low, high } = rows.selectedOptions[0].dataset;
      const moved = (value) => (integer ? Number(value) + at : (Number(value) * at) / 100);
      const span = low === high ? shownNumber(moved(low)) : `${shownNumber(moved(low))} to ${shownNumber(moved(high))}`;
      const by = neutral ? "as it stands" : integer ? `${at > 0 ? "+" : ""}${at}` : `× ${at} %`;
      const value = `${neutral ? "as it stands: " : ""}${at} %`;
      const text = absolute ? value : `${by}: ${span} ${lever.dataset.unit}`.trim();
      output.textContent = text;
      slider.setAttribute("aria-valuetext", text);
      lever.classList.toggle("moved", !neutral);
    };
    slider.addEventListener("input", update);
    rows.addEventListener("change", update);
    update();
  }
}

function uploads() {
  const form = document.querySelector("form.upload");
  form?.addEventListener("submit", (event) => {
    const file = form.querySelector("input[type=file]").files[0];
    const alert = form.querySelector(".alert");
    const most = Number(form.dataset.most);
    alert.hidden = !file || file.size <= most;
    if (alert.hidden) return;
    event.preventDefault();
    alert.textContent = `${file.name} has ${(file.size / 2 ** 20).toFixed(1)} MB; this server takes at most ${(most / 2 ** 20).toPrecision(3)} MB.`;
  });
}

// A list of places: the last one that is typed is completed, and buttons add and remove them.
function places() {
  const field = document.querySelector("[data-list=many]");
  if (!field) return;
  const options = [...document.getElementById(field.getAttribute("list")).options];
  const names = options.map((option) => option.value);
  const buttons = document.querySelectorAll("[data-place]");
  const listed = () => field.value.split(/[,;]/).map((name) => name.trim()).filter(Boolean);
  const update = () => {
    const before = field.value.match(/^.*[,;]\s*/)?.[0] ?? "";
    options.forEach((option, k) => { option.value = before + names[k]; });
    const chosen = listed().map((name) => name.toLowerCase());
    for (const button of buttons) button.setAttribute("aria-pressed", String(chosen.includes(button.dataset.place.toLowerCase())));
  };
  for (const button of buttons) {
    button.addEventListener("click", () => {
      const name = button.dataset.place;
      const others = listed().filter((one) => one.toLowerCase() !== name.toLowerCase());
      field.value = (others.length === listed().length ? [...others, name] : others).join(", ");
      update();
    });
  }
  field.addEventListener("input", update);
  update();
}

document.addEventListener("submit", (event) => {
  const question = event.target.dataset.confirm;
  if (question && !confirm(question)) event.preventDefault();
});
places();
uploads();
sliders();
watch();
