// Live parts of the server's pages: progress, the chart of incumbent and bound, sliders, uploads.

const EVERY_MS = 1000;

function setText(id, text) {
  const place = document.getElementById(id);
  // Only a changed text is written, so that nothing flickers.
  if (place && place.textContent !== text) place.textContent = text;
}

function asNumber(value) {
  return value === null ? "–" : value.toLocaleString("en", { minimumFractionDigits: 4, maximumFractionDigits: 4 });
}

function drawProof(chart, points) {
  if (!window.Plotly) return;
  const look = theme();
  const line = (name, place, dash, symbol, colour) => ({
    name,
    x: points.map((point) => point[0]),
    y: points.map((point) => point[place]),
    type: "scatter",
    mode: "lines+markers",
    line: { shape: "hv", color: colour, width: 2.25, dash },
    marker: { color: colour, size: 6, symbol },
    hovertemplate: `${name}<br>%{x:,.1f} s: <b>%{y:,.4f}</b> M<extra></extra>`,
  });
  const traces = [
    line("Best plan so far", 1, "solid", "circle", look.series[5]),
    line("Bound: no plan costs less", 2, "dash", "square", look.series[0]),
  ];
  const layout = baseLayout(look, {
    hovermode: "x unified",
    xaxis: { title: { text: "Time in the solver (s)" }, rangemode: "tozero" },
    yaxis: { title: { text: "Cost (M, present value)" }, tickformat: ",~r" },
  });
  if (!points.length) {
    const words = { text: "The solver has not reported yet.", showarrow: false, xref: "paper", yref: "paper", x: 0.5, y: 0.5, font: { color: look.soft } };
    layout.annotations = [words];
  }
  window.Plotly.react(chart, traces, layout, { responsive: true, displayModeBar: false });
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
      setText("gap", last[3] === null ? "–" : `${(100 * last[3]).toFixed(3)} %`);
    }
    const drawn = JSON.stringify(now.points);
    if (chart.dataset.drawn !== drawn) {
      drawProof(chart, now.points);
      chart.dataset.drawn = drawn;
    }
  }
  if (!watched) return;
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
      setText("phase", "The server does not answer. It is question again.");
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

document.addEventListener("submit", (event) => {
  const question = event.target.dataset.confirm;
  if (question && !confirm(question)) event.preventDefault();
});
uploads();
sliders();
watch();
