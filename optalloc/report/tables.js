// Tables of the plan: sorted by their headers, searched, page by page, and saved as CSV in full.

const ROWS_AT_ONCE = 50;
// As many as paper holds; page.css leaves the others out there.
const PRINTED_COLUMNS = 8;

const ENDLESS = new Map([["Infinity", "inf"], ["-Infinity", "-inf"]]);

function csvCell(value) {
  if (value === null || value === undefined) return "";
  if (typeof value === "boolean") return value ? "True" : "False";
  const endless = ENDLESS.get(value);
  // A name that begins like a formula must not become one in a spreadsheet program.
  const formula = typeof value === "string" && !endless && /^[=+\-@\t\r]/.test(value);
  const text = endless ?? (formula ? `'${value}` : String(value));
  return /[",\n\r]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text;
}

function csvOf(table) {
  const names = table.columns.map((column) => csvCell(column.name)).join(",");
  table.ready();
  const columns = table.columns.map((column) => column.values);
  const lines = [names];
  for (const row of table.all) lines.push(columns.map((values) => csvCell(values[row])).join(","));
  // By the byte-order mark spreadsheet programs know that letters are UTF-8.
  return `\uFEFF${lines.join("\r\n")}\r\n`;
}

function save(name, text) {
  const url = URL.createObjectURL(new Blob([text], { type: "text/csv;charset=utf-8" }));
  const link = element("a", { href: url, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}

// Words before and after each other as people sort them; numbers by size; blanks last.
const collator = new Intl.Collator("en", { numeric: true, sensitivity: "base" });

function compared(a, b, direction) {
  const [blankA, blankB] = [a === null || a === "", b === null || b === ""];
  if (blankA || blankB) return blankA - blankB;
  const [x, y] = [a === "Infinity" ? Infinity : a, b === "Infinity" ? Infinity : b];
  const words = typeof x === "string" || typeof y === "string";
  return direction * (words ? collator.compare(String(x), String(y)) : x - y);
}

// A column of mixed rows takes the format of the unit that its row names.
const UNIT_FORMATS = [[/^M\b/, "#,##0.00"], [/^MW\b/, "#,##0.0"], [/^share\b/, "0.0## %"]];

function cellText(table, column, row) {
  const value = column.values[row];
  if (typeof value === "number" && !column.unit && table.has("unit")) {
    const unit = String(table.values("unit")[row] ?? "");
    const known = UNIT_FORMATS.find(([pattern]) => pattern.test(unit));
    return shownNumber(value, known ? known[1] : "#,##0.00##");
  }
  return shownCell(column, value);
}

class Grid {
  constructor(table, plan, { where = "", first = [], caption = table.name } = {}) {
    const rest = table.columns.filter((column) => !first.includes(column.name));
    const columns = [...first.filter((name) => table.has(name)).map((name) => table.byName[name]), ...rest];
    Object.assign(this, { table, plan, where, columns, caption, page: 0, sorted: null, direction: 1, words: "", now: false, near: false });
    this.body = element("tbody");
    this.count = element("span", { "aria-live": "polite" });
    this.pages = element("div", { class: "pages" });
    this.printed = element("p", { class: "printed" });
    this.single = element("p", { class: "single" });
    this.root = element("div", { class: "grid", "data-table": table.name }, this.single, this.toolbar(), this.scroll(), this.printed, this.pages);
  }
  come() {
    if (this.near) return;
    this.near = true;
    this.table.ready();
    this.draw();
  }
  toolbar() {
    const search = element("input", {
      type: "search",
      placeholder: "Search",
      "aria-label": `Search ${this.caption}`,
      oninput: (event) => this.set({ words: event.target.value.toLowerCase() }),
    });
    const bar = element("div", { class: "toolbar" }, search);
    if (this.plan.roles && this.table.has(this.plan.roles.period)) {
      const box = element("input", { type: "checkbox", onchange: (event) => this.set({ now: event.target.checked }) });
      bar.append(element("label", {}, box, "only the chosen period"));
    }
    const button = element("button", { type: "button", onclick: () => save(`${this.table.name}.csv`, csvOf(this.table)) }, "Save as CSV");
    bar.append(this.count, element("span", { class: "spacer" }), button);
    return bar;
  }
  scroll() {
    this.heads = this.columns.map((column, place) => {
      const number = column.kind === "number" || column.kind === "integer";
      const button = element(
        "button",
        { type: "button", title: column.meaning, onclick: () => this.sort(place) },
        spaced(column.name),
        column.unit ? element("span", { class: "unit" }, column.unit) : null,
        element("span", { class: "arrow", "aria-hidden": "true" }),
      );
      return element("th", { scope: "col", class: number ? "number" : "", "aria-sort": "none" }, button);
    });
    const head = element("thead", {}, element("tr", {}, ...this.heads));
    const table = element("table", { "aria-label": this.caption }, head, this.body);
    return element("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": `${this.caption}, table` }, table);
  }
  set(change) {
    Object.assign(this, change, { page: 0 });
    this.draw();
  }
  sort(place) {
    const again = this.sorted === place;
    this.set({ sorted: place, direction: again ? -this.direction : 1 });
  }
  rows() {
    let { rows } = this.plan.rows(this.table);
    if (this.where) {
      const flags = this.table.values(this.where);
      rows = rows.filter((row) => flags[row]);
    }
    if (this.now) {
      const periods = this.table.values(this.plan.roles.period);
      rows = rows.filter((row) => String(periods[row]) === this.plan.period);
    }
    if (this.words) rows = this.found(rows);
    if (this.sorted !== null) {
      const values = this.table.values(this.columns[this.sorted].name);
      rows = [...rows].sort((a, b) => compared(values[a], values[b], this.direction));
    }
    return rows;
  }
  // Rows of which a word, a name or a day holds what is searched for.
  found(rows) {
    const hits = this.table.columns
      .filter((column) => column.words)
      .map((column) => ({ places: column.places, hit: column.words.map((word) => String(word ?? "").toLowerCase().includes(this.words)) }));
    return rows.filter((row) => hits.some(({ places, hit }) => hit[places[row]]));
  }
  draw() {
    if (!this.near) return;
    this.single.textContent = this.plan.saying([this.table.name]);
    const rows = this.rows();
    const pages = Math.max(1, Math.ceil(rows.length / ROWS_AT_ONCE));
    this.page = Math.min(this.page, pages - 1);
    const shown = rows.slice(this.page * ROWS_AT_ONCE, (this.page + 1) * ROWS_AT_ONCE);
    this.body.replaceChildren(...shown.map((row) => this.line(row)));
    if (!shown.length) {
      const cell = element("td", { colspan: this.columns.length, class: "empty" }, this.table.rows ? "No row lies within what is chosen." : "This table has no rows.");
      this.body.append(element("tr", {}, cell));
    }
    this.heads.forEach((head, place) => {
      const here = this.sorted === place;
      head.setAttribute("aria-sort", here ? (this.direction > 0 ? "ascending" : "descending") : "none");
      head.querySelector(".arrow").textContent = here ? (this.direction > 0 ? "↑" : "↓") : "";
    });
    this.count.textContent = rows.length === this.table.rows ? `${rows.length.toLocaleString("en-US")} rows` : `${rows.length.toLocaleString("en-US")} of ${this.table.rows.toLocaleString("en-US")} rows`;
    this.printed.textContent = this.leftOut(rows.length, shown.length);
    this.turn(pages);
  }
  // What paper does not show of it.
  leftOut(rows, shown) {
    const columns = this.columns.length;
    const parts = [rows > shown ? `${shown} of ${rows.toLocaleString("en-US")} rows` : "", columns > PRINTED_COLUMNS ? `the first ${PRINTED_COLUMNS} of ${columns} columns` : ""];
    const words = parts.filter(Boolean).join(", ");
    return words ? `Printed: ${words}. The page itself holds them all.` : "";
  }
  line(row) {
    const cells = this.columns.map((column) => {
      const value = column.values[row];
      const exact = typeof value === "number" ? { "data-value": String(value) } : {};
      const measured = column.kind === "number" || column.kind === "integer";
      const long = typeof value === "string" && value.length > 42;
      const kind = measured ? "number" : column.kind === "date" ? "day" : long ? "words" : "";
      return element("td", { class: kind, ...exact }, cellText(this.table, column, row));
    });
    return element("tr", {}, ...cells);
  }
  turn(pages) {
    if (pages === 1) return this.pages.replaceChildren();
    const go = (to) => {
      this.page = to;
      this.draw();
    };
    const button = (text, to) => element("button", { type: "button", disabled: to < 0 || to >= pages, onclick: () => go(to) }, text);
    this.pages.replaceChildren(button("Earlier rows", this.page - 1), element("span", {}, `Page ${this.page + 1} of ${pages}`), button("Later rows", this.page + 1));
    return undefined;
  }
}

// The figures of a chart, for those who read rather than look.
function figuresOf(data) {
  const head = element("tr", {}, ...data.columns.map((name) => element("th", { scope: "col" }, name)));
  const cell = (value) =>
    typeof value === "number"
      ? element("td", { class: "number", "data-value": String(value) }, shownNumber(value, "#,##0.0##"))
      : element("td", {}, value === null || value === undefined ? "" : String(value));
  const rows = data.rows.slice(0, 1000).map((row) => element("tr", {}, ...row.map(cell)));
  const table = element("table", {}, element("thead", {}, head), element("tbody", {}, ...rows));
  return element("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": "Figures of the chart" }, table);
}
