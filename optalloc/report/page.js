// The page: exhibits in their order, the controls that drive them, light or dark.

// Of a page of A4 within its margins, in the pixels of print.
const PAPER_WIDTH = 686;

const DRAWN = { plain: drawPlain, trend: drawTrend, use: drawUse, snapshot: drawSnapshot, ranking: drawRanking, bridge: drawBridge, timeline: drawTimeline, map: drawMap, bars: drawBars, curve: drawCurve, heat: drawHeat, branches: drawBranches, distribution: drawDistribution, intervals: drawIntervals, steps: drawSteps };

// What is read rather than looked at.
const WRITTEN = { accounts: AccountList, agenda: AgendaList, listing: Grid, cases: CaseList, sentences: SentenceList };

function anchor(title) {
  return title.toLowerCase().replace(/[^\p{L}\p{N}_]+/gu, "-").replace(/^-|-$/g, "");
}

function picker(title, options, chosen, onpick) {
  const select = element("select", { onchange: (event) => onpick(event.target.value) });
  for (const [value, text] of options) select.append(element("option", { value, selected: value === chosen }, text));
  return element("label", {}, title, select);
}

// One chart of the page: drawn once it is near, and again when what is chosen changes.
class Figure {
  constructor(exhibit, plan, page) {
    Object.assign(this, { exhibit, plan, page, picked: {}, stale: true, near: false });
    this.picks = element("div", { class: "picks" });
    this.chart = element("div", { class: "chart", role: "img", "aria-label": `Chart: ${exhibit.title}` });
    this.narrowed = element("p", { class: "narrowed" });
    this.single = element("p", { class: "single" });
    this.figures = element("details", { class: "data", ontoggle: () => this.showFigures() }, element("summary", {}, "Figures of this chart"));
    const box = element("div", { class: "figure" }, this.picks, this.chart);
    this.root = element("section", { id: anchor(exhibit.title) }, element("h2", {}, exhibit.title), exhibit.note ? element("p", { class: "note" }, exhibit.note) : null, this.single, box, this.narrowed, this.figures);
  }
  draw() {
    if (!this.near || !window.Plotly) {
      this.stale = true;
      return;
    }
    this.stale = false;
    this.single.textContent = this.plan.saying(this.exhibit.tables ?? []);
    const look = this.page.look;
    const drawn = DRAWN[this.exhibit.kind](this.exhibit, this.plan, look, this.picked, this.page.rings);
    this.data = drawn.data ?? null;
    this.pick(drawn);
    this.remark(drawn);
    this.figures.hidden = !this.data;
    this.showFigures();
    if (drawn.empty) {
      Plotly.purge(this.chart);
      this.chart.style.minHeight = "0";
      this.chart.replaceChildren(element("p", { class: "empty" }, drawn.empty));
      return;
    }
    this.chart.querySelector(":scope > .empty")?.remove();
    const config = {
      responsive: true,
      displaylogo: false,
      modeBarButtons: [["toImage", ...(this.exhibit.kind === "map" ? ["zoomIn2d", "zoomOut2d", "resetScale2d"] : [])]],
      toImageButtonOptions: { filename: anchor(this.exhibit.title), scale: 2 },
      ...drawn.config,
    };
    // A map keeps its shape.
    if (drawn.layout.showlegend !== false && this.exhibit.kind !== "map") drawn.layout.height += legendHeight(drawn.traces, look);
    this.chart.style.minHeight = `${drawn.layout.height}px`;
    if (this.page.paper) Object.assign(drawn.layout, { width: PAPER_WIDTH });
    Plotly.react(this.chart, drawn.traces, drawn.layout, config);
  }
  remark(drawn) {
    const titles = (drawn.ignored ?? []).map((title) => title.toLowerCase());
    const words = titles.length ? `Not filtered by ${[...new Set(titles)].join(", ")}: there all of it is shown.` : "";
    this.narrowed.textContent = [drawn.remark ?? "", words].filter(Boolean).join(" ");
  }
  pick(drawn) {
    const { exhibit, picked } = this;
    const choose = (change) => {
      Object.assign(picked, change);
      this.draw();
    };
    const made = [];
    if (exhibit.kind === "bridge" && exhibit.by.length > 1) {
      made.push(picker("By", exhibit.by.map((name) => [name, spaced(name).toLowerCase()]), picked.by ?? exhibit.by[0], (by) => choose({ by })));
    }
    if (exhibit.kind === "use") {
      const known = this.plan.tables.Limits.rowsBy("limit");
      const there = exhibit.limits.filter((name) => known.has(name));
      if (there.length > 1) made.push(picker("Limit", there.map((name) => [name, spaced(name)]), picked.limit ?? there[0], (limit) => choose({ limit, subject: undefined })));
      if ((drawn.options ?? []).length > 1) {
        const options = [["", "all, as shares"], ...drawn.options.map((name) => [name, name])];
        made.push(picker("Shown", options, picked.subject ?? "", (subject) => choose({ subject: subject || undefined })));
      }
    }
    this.picks.replaceChildren(...made);
    this.picks.hidden = !made.length;
  }
  showFigures() {
    this.figures.querySelector(".scroll")?.remove();
    if (this.figures.open && this.data) this.figures.append(figuresOf(this.data));
  }
  come() {
    this.near = true;
    if (this.stale) this.draw();
  }
  // Far away again: what is chosen meanwhile is drawn when it comes back.
  go() {
    this.near = false;
  }
}

class Page {
  constructor(content, lines, rings) {
    this.plan = new Plan(content, lines);
    this.rings = rings;
    this.look = theme();
    this.parts = [];
    for (const exhibit of content.exhibits) this.add(exhibit);
    this.controls(document.getElementById("controls"));
    this.watch();
    for (const table of Object.values(this.plan.tables)) this.list(table);
  }
  add(exhibit) {
    const Written = WRITTEN[exhibit.kind];
    if (!Written) {
      const figure = new Figure(exhibit, this.plan, this);
      this.parts.push(figure);
      document.getElementById("exhibits").append(figure.root);
      return;
    }
    const table = this.plan.tables[exhibit.table];
    const root = element("section", { id: anchor(exhibit.title), class: "long" }, element("h2", {}, exhibit.title));
    if (exhibit.empty && !table.rows) root.append(element("p", { class: "instead" }, exhibit.empty));
    else {
      const part = new Written(table, this.plan, { ...exhibit, caption: exhibit.title });
      this.parts.push(part);
      if (exhibit.note) root.append(element("p", { class: "note" }, exhibit.note));
      root.append(part.root);
    }
    document.getElementById("exhibits").append(root);
  }
  // Plotly is there: draw what is near.
  drawing() {
    for (const part of this.parts) if (part instanceof Figure && part.near) part.draw();
  }
  list(table) {
    const about = element("small", {}, `${table.rows.toLocaleString("en-US")} rows. ${table.meaning}`);
    const details = element("details", { "data-name": table.name }, element("summary", {}, table.name, about));
    details.addEventListener("toggle", () => {
      if (!details.open || details.querySelector(".grid")) return;
      const grid = new Grid(table, this.plan);
      this.parts.push(grid);
      details.append(grid.root);
      grid.come();
    });
    document.getElementById("tables").append(details);
  }
  controls(bar) {
    const { plan } = this;
    if (plan.periods.length > 1) {
      const output = element("output", { for: "period" }, plan.period);
      const slide = (event) => {
        plan.state.period = Number(event.target.value);
        output.textContent = plan.period;
        event.target.setAttribute("aria-valuetext", plan.period);
        this.redraw();
      };
      const slider = element("input", { id: "period", type: "range", min: 0, max: plan.periods.length - 1, step: 1, value: plan.state.period, "aria-valuetext": plan.period, oninput: slide });
      bar.append(element("div", { class: "control period" }, element("label", { for: "period" }, plan.roles.title), slider, output));
    }
    for (const filter of plan.filters) {
      const choices = plan.choices(filter);
      if (choices.length < 2 && !filter.single) continue;
      const id = `filter-${filter.column}`;
      const select = element("select", {
        id,
        onchange: (event) => {
          plan.state.chosen[filter.column] = event.target.value || undefined;
          this.redraw();
        },
      });
      if (!filter.single) select.append(element("option", { value: "" }, "all"));
      select.append(...choices.map((value) => element("option", { value }, plan.named(filter, value))));
      bar.append(element("div", { class: "control" }, element("label", { for: id }, filter.title), select));
    }
    bar.append(element("div", { class: "control" }, this.themeButton(), element("button", { type: "button", onclick: () => window.print() }, "Print")));
  }
  themeButton() {
    const dark = () => document.documentElement.dataset.theme === "dark";
    const button = element("button", { type: "button", id: "theme" });
    const name = () => {
      button.textContent = dark() ? "Light" : "Dark";
      button.setAttribute("aria-label", `Show in ${dark() ? "light" : "dark"} colours`);
    };
    button.addEventListener("click", () => {
      this.dress(dark() ? "light" : "dark");
      name();
    });
    name();
    return button;
  }
  dress(colours) {
    document.documentElement.dataset.theme = colours;
    this.look = theme();
    for (const part of this.parts) if (part instanceof Figure) part.draw();
  }
  // Many changes within one frame are drawn once.
  redraw() {
    if (this.waiting) return;
    this.waiting = true;
    requestAnimationFrame(() => {
      this.waiting = false;
      for (const part of this.parts) part.draw();
    });
  }
  watch() {
    const figures = this.parts.filter((part) => part instanceof Figure);
    const whose = new Map(this.parts.map((part) => [part.root, part]));
    const near = new IntersectionObserver(
      (seen) => seen.forEach((entry) => (entry.isIntersecting ? whose.get(entry.target).come() : whose.get(entry.target).go?.())),
      { rootMargin: "600px" },
    );
    this.parts.forEach((part) => near.observe(part.root));
    const links = new Map([...document.querySelectorAll("nav a")].map((link) => [link.hash.slice(1), link]));
    const here = new IntersectionObserver(
      (seen) => {
        for (const entry of seen) {
          if (!entry.isIntersecting) continue;
          links.forEach((link) => link.removeAttribute("aria-current"));
          links.get(entry.target.id)?.setAttribute("aria-current", "true");
        }
      },
      { rootMargin: "-15% 0px -75% 0px" },
    );
    document.querySelectorAll("main section").forEach((section) => here.observe(section));
    const paper = () => {
      this.paper = true;
      this.before = document.documentElement.dataset.theme;
      document.documentElement.dataset.theme = "light";
      this.look = theme();
      this.parts.forEach((part) => part.come());
      figures.forEach((figure) => figure.draw());
    };
    window.addEventListener("beforeprint", paper);
    window.addEventListener("afterprint", () => {
      this.paper = false;
      this.dress(this.before);
    });
  }
}

document.documentElement.dataset.theme = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";

(async () => {
  const [data, land] = await Promise.all(["packed-data", "packed-land"].map(unpacked));
  const [content, ...lines] = data.split("\n");
  const page = new Page(JSON.parse(content), lines, JSON.parse(land).rings);
  window.report = page;
  // Words and tables can be read while the script that draws is made ready.
  const code = await unpacked("packed-plotly");
  await new Promise((shown) => requestAnimationFrame(() => setTimeout(shown)));
  document.head.append(element("script", {}, code));
  page.drawing();
  document.documentElement.dataset.ready = "true";
})();
