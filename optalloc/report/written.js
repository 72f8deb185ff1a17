// Exhibits that are read: what is done when and in which case, what it costs, and sentences.

// So many cases are open at first, and so many sentences are shown.
const OPEN_CASES = 8;
const MOST_SENTENCES = 20;

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
    Object.assign(this, { table, plan, exhibit, near: false });
    this.single = element("p", { class: "single" });
    this.list = element("div");
    this.root = element("div", {}, this.single, this.list);
  }
  come() {
    if (this.near) return;
    this.near = true;
    this.draw();
  }
  draw() {
    if (!this.near) return;
    const { table, plan, exhibit } = this;
    this.single.textContent = plan.saying([table.name]);
    const [sentences, more] = [exhibit.sentence, exhibit.more].map((name) => table.values(name));
    const line = (row) => element("li", {}, sentences[row], more[row] ? element("small", {}, more[row]) : null);
    const { rows } = plan.rows(table);
    const parts = rows.length ? [element("ul", { class: "said" }, ...rows.slice(0, MOST_SENTENCES).map(line))] : [element("p", { class: "empty" }, "Nothing within what is chosen.")];
    const rest = rows.slice(MOST_SENTENCES);
    if (rest.length) parts.push(element("details", {}, element("summary", {}, `${rest.length} more`), element("ul", { class: "said" }, ...rest.map(line))));
    this.list.replaceChildren(...parts);
  }
}

class AgendaList {
  constructor(table, plan, exhibit) {
    Object.assign(this, { table, plan, exhibit, near: false });
    this.single = element("p", { class: "single" });
    this.quarters = element("div");
    this.root = element("div", { class: "agenda" }, this.single, this.quarters);
  }
  come() {
    if (this.near) return;
    this.near = true;
    this.draw();
  }
  draw() {
    if (!this.near) return;
    const { table, plan, exhibit } = this;
    this.single.textContent = plan.saying([table.name]);
    const days = table.values(exhibit.date);
    const rows = [...plan.rows(table).rows].sort((a, b) => compared(days[a], days[b], 1));
    const quarters = new Map();
    for (const row of rows) {
      const quarter = quarterOf(days[row]);
      if (!quarters.has(quarter)) quarters.set(quarter, []);
      quarters.get(quarter).push(row);
    }
    const parts = [...quarters].map(([quarter, own]) => element("section", {}, element("h3", {}, quarter), element("ul", {}, ...own.map((row) => this.line(row)))));
    this.quarters.replaceChildren(...(parts.length ? parts : [element("p", { class: "empty" }, "Nothing within what is chosen.")]));
  }
  line(row) {
    const { table, exhibit } = this;
    const words = exhibit.what.map((name) => String(table.values(name)[row] ?? ""));
    const amounts = exhibit.amounts
      .map((name) => table.byName[name])
      .filter((column) => typeof table.values(column.name)[row] === "number")
      .map((column) => element("span", { class: "amount", "data-value": String(column.values[row]) }, `${plainNumber(column.values[row])} ${column.unit}`));
    const day = element("span", { class: "day" }, table.values(exhibit.date)[row]);
    return element("li", {}, day, element("span", {}, `${words.slice(0, -1).join(" ")} `, element("strong", {}, words.at(-1))), ...amounts);
  }
}

// Sums by account, as a planner reads them: the largest first, credits last, and the total.
class AccountList {
  constructor(table, plan, exhibit) {
    Object.assign(this, { table, plan, exhibit, near: false });
    this.single = element("p", { class: "single" });
    this.sums = element("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": exhibit.title });
    this.narrowed = element("p", { class: "narrowed" });
    this.root = element("div", { class: "accounts" }, this.single, this.sums, this.narrowed);
  }
  come() {
    if (this.near) return;
    this.near = true;
    this.draw();
  }
  draw() {
    if (!this.near) return;
    const { table, plan, exhibit } = this;
    this.single.textContent = plan.saying([table.name]);
    const { rows, ignored } = plan.rows(table);
    const [names, values] = [table.values(exhibit.by), exhibit.values.map((name) => table.numbers(name))];
    const sums = new Map();
    const total = values.map(() => 0);
    for (const row of rows) {
      if (!sums.has(names[row])) sums.set(names[row], values.map(() => 0));
      values.forEach((column, place) => {
        if (Number.isNaN(column[row])) return;
        sums.get(names[row])[place] += column[row];
        total[place] += column[row];
      });
    }
    const columns = exhibit.values.map((name) => table.byName[name]);
    const number = (text) => element("th", { scope: "col", class: "number" }, text);
    const head = element("tr", {}, element("th", { scope: "col" }, spaced(exhibit.by)), ...columns.map((column) => number(titled(column))), number("Share"));
    const line = (name, own, kind) => {
      const share = total[0] ? `${shownNumber(own[0] / total[0], "0.0 %")}` : "";
      const cells = own.map((value) => element("td", { class: "number", "data-value": String(value) }, plainNumber(value)));
      return element("tr", { class: kind }, element("th", { scope: "row" }, name), ...cells, element("td", { class: "number" }, share));
    };
    const parts = [...sums].sort((a, b) => b[1][0] - a[1][0]);
    const body = element("tbody", {}, ...parts.map(([name, own]) => line(spaced(String(name ?? "")), own, "")));
    const list = element("table", {}, element("thead", {}, head), body, element("tfoot", {}, line("Total", total, "total")));
    this.sums.replaceChildren(parts.length ? list : element("p", { class: "empty" }, "Nothing within what is chosen."));
    const titles = ignored.map((title) => title.toLowerCase());
    this.narrowed.textContent = titles.length ? `Not filtered by ${titles.join(", ")}: there all of it is shown.` : "";
  }
}

// The calendar quarter of a day as YYYY-MM-DD.
function quarterOf(day) {
  const [year, month] = String(day ?? "").split("-");
  return month ? `${year}, quarter ${Math.ceil(Number(month) / 3)}` : "Without a day";
}
