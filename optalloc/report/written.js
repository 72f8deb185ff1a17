// Exhibits that are read: what is done in which case, and sentences of a table.

// So many cases are open at first.
const OPEN_CASES = 8;

class CaseList {
  constructor(table, plan, exhibit) {
    Object.assign(this, { table, plan, exhibit, near: false });
    this.root = element("div", { class: "cases" });
  }
  come() {
    if (this.near) return;
    this.near = true;
    const { table, exhibit } = this;
    table.ready();
    const own = [exhibit.known, exhibit.since, exhibit.share, exhibit.mark];
    const filled = (column) => column.values.some((value) => value !== null && value !== "");
    const columns = table.columns.filter((column) => !own.includes(column.name) && filled(column));
    if (table.rows) columns.push(table.byName[exhibit.mark]);
    let place = 0;
    for (const [known, rows] of table.rowsBy(exhibit.known)) this.root.append(this.case(known, rows, columns, place++ < OPEN_CASES));
  }
  case(known, rows, columns, open) {
    const { table, exhibit } = this;
    const words = String(known ?? "").split("; ").join(" and ");
    const share = shownNumber(table.numbers(exhibit.share)[rows[0]], "0.## %");
    const day = element("span", { class: "day" }, table.values(exhibit.since)[rows[0]]);
    const since = element("small", {}, " (known ", day, `, probability ${share.replace(" ", "\u00a0")})`);
    const head = element("tr", {}, ...columns.map((column) => element("th", { scope: "col", title: column.meaning, class: column.kind === "number" ? "number" : "" }, titled(column))));
    const body = rows.map((row) => this.line(row, columns));
    const list = element("table", { "aria-label": `If ${words}` }, element("thead", {}, head), element("tbody", {}, ...body));
    const scroll = element("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": `If ${words}, table` }, list);
    return element("details", { class: "case", open }, element("summary", {}, element("strong", {}, `If ${words}`), since), scroll);
  }
  line(row, columns) {
    const cells = columns.map((column) => {
      const value = column.values[row];
      const measured = typeof value === "number";
      const kind = measured ? "number" : column.kind === "date" ? "day" : "";
      return element("td", { class: kind, ...(measured ? { "data-value": String(value) } : {}) }, column.name === this.exhibit.mark && !value ? "" : cellText(this.table, column, row));
    });
    return element("tr", { class: this.table.values(this.exhibit.mark)[row] ? "marked" : "" }, ...cells);
  }
  draw() {}
}

class SentenceList {
  constructor(table, plan, exhibit) {
    Object.assign(this, { table, exhibit, near: false });
    this.root = element("ul", { class: "said" });
  }
  come() {
    if (this.near) return;
    this.near = true;
    const { table, exhibit } = this;
    const [sentences, more] = [exhibit.sentence, exhibit.more].map((name) => table.values(name));
    this.root.append(...sentences.map((sentence, row) => element("li", {}, sentence, element("small", {}, more[row]))));
  }
  draw() {}
}
