// The plan's tables, by columns, and the rows of each that the chosen filters leave.

async function unpacked(id) {
  const packed = document.getElementById(id);
  const text = packed.textContent;
  const bytes = Uint8Array.fromBase64 ? Uint8Array.fromBase64(text) : Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  packed.remove();
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).text();
}

// A table whose values are read from its line when they are first asked for.
class Table {
  constructor(given, line) {
    Object.assign(this, given, { line });
    this.byName = Object.fromEntries(this.columns.map((column) => [column.name, column]));
  }
  // Read the values, unless that was done before.
  ready() {
    if (this.line === null) return;
    JSON.parse(this.line).forEach((given, place) => {
      const column = this.columns[place];
      column.words = given.words;
      column.places = given.places;
      column.values = given.words ? given.places.map((word) => given.words[word]) : given;
    });
    this.line = null;
  }
  has(name) {
    return name in this.byName;
  }
  column(name) {
    this.ready();
    return this.byName[name];
  }
  values(name) {
    return this.column(name).values;
  }
  // A column as numbers, blanks as NaN.
  numbers(name) {
    const column = this.column(name);
    column.numbers ??= column.values.map((value) => (value === null ? NaN : Number(value)));
    return column.numbers;
  }
  // Rows by the value of a column.
  rowsBy(name) {
    const column = this.column(name);
    if (!column.rows) {
      column.rows = new Map();
      column.values.forEach((value, row) => {
        if (!column.rows.has(value)) column.rows.set(value, []);
        column.rows.get(value).push(row);
      });
    }
    return column.rows;
  }
  get all() {
    this.everyRow ??= Array.from({ length: this.rows }, (_, row) => row);
    return this.everyRow;
  }
}

class Plan {
  constructor(content, lines) {
    this.tables = Object.fromEntries(content.tables.map((table, place) => [table.name, new Table(table, lines[place])]));
    this.filters = content.filters;
    this.roles = content.periods;
    this.state = { period: 0, chosen: {} };
    for (const filter of this.filters) if (filter.single) this.state.chosen[filter.column] = this.choices(filter)[0];
    const table = this.roles && this.tables[this.roles.table];
    const rows = table ? this.kept(table) : [];
    const ofPeriods = (values) => rows.map((row) => values[row]);
    this.periods = table ? ofPeriods(table.values(this.roles.period)).map(String) : [];
    this.starts = table ? ofPeriods(table.values(this.roles.start)) : [];
    this.years = table ? ofPeriods(table.numbers(this.roles.months)).map((months) => months / 12) : [];
    this.place = new Map(this.periods.map((name, place) => [name, place]));
    this.state.period = Math.max(this.periods.length - 1, 0);
  }
  get period() {
    return this.periods[this.state.period];
  }
  // Values of a filter: by their names, or where they have shares the largest first.
  choices(filter) {
    const found = new Set(this.tables[filter.table].values(filter.column));
    const known = [...found].filter((value) => value !== null);
    return filter.share ? known.sort((a, b) => this.shareOf(filter, b) - this.shareOf(filter, a)) : known.sort();
  }
  shareOf(filter, value) {
    const table = this.tables[filter.table];
    return table.numbers(filter.share)[table.values(filter.column).indexOf(value)];
  }
  // A value of a filter with its share.
  named(filter, value) {
    return filter.share ? `${value} (${shownNumber(this.shareOf(filter, value), "0.## %")})` : value;
  }
  get active() {
    return this.filters.filter((filter) => !filter.single && this.state.chosen[filter.column]);
  }
  // The single filters that apply to a table.
  singleOf(table) {
    return this.filters.filter((filter) => filter.single && filter.table !== table.name && table.has(filter.column));
  }
  // Rows of a table that filters of one value leave: those of that value, and those of all.
  kept(table) {
    const single = this.singleOf(table);
    if (!single.length) return table.all;
    const chosen = single.map((filter) => this.state.chosen[filter.column]).join("\u0000");
    if (table.keptFor !== chosen) {
      table.keptFor = chosen;
      table.keptRows = single.reduce((rows, filter) => {
        const values = table.values(filter.column);
        return rows.filter((row) => values[row] === null || values[row] === this.state.chosen[filter.column]);
      }, table.all);
    }
    return table.keptRows;
  }
  // What single filters say of some tables, such as the scenario and its probability.
  saying(names) {
    const said = this.filters.filter((filter) => filter.single && names.some((name) => this.singleOf(this.tables[name]).includes(filter)));
    return said.map((filter) => `${filter.title}: ${this.named(filter, this.state.chosen[filter.column])}`).join("; ");
  }
  // Names that belong to what is chosen, by the column that holds them.
  within(filter) {
    const wanted = this.state.chosen[filter.column];
    const table = this.tables[filter.table];
    const chosen = table.values(filter.column);
    const names = {};
    for (const column of filter.through) {
      const values = table.values(column);
      names[column] = {
        all: new Set(values),
        inside: new Set(values.filter((_, row) => chosen[row] === wanted)),
      };
    }
    return names;
  }
  // Rows of a table that the filters leave, and the filters that do not apply to it.
  rows(table) {
    let rows = this.kept(table);
    const ignored = [];
    for (const filter of this.active) {
      const wanted = this.state.chosen[filter.column];
      if (table.has(filter.column)) {
        const values = table.values(filter.column);
        rows = rows.filter((row) => values[row] === wanted);
        continue;
      }
      const through = filter.through.find((column) => table.has(column));
      if (!through) {
        ignored.push(filter.title);
        continue;
      }
      const { inside } = this.within(filter)[through];
      const values = table.values(through);
      rows = rows.filter((row) => inside.has(values[row]));
    }
    return { rows, ignored };
  }
  // True if the subject of a limit is within the chosen filters; null where none applies to it.
  selects(parts) {
    let selected = this.active.length ? null : true;
    for (const filter of this.active) {
      const wanted = this.state.chosen[filter.column];
      if (parts.includes(wanted)) return true;
      const others = new Set(this.choices(filter));
      if (parts.some((part) => others.has(part))) return false;
      for (const { all, inside } of Object.values(this.within(filter))) {
        const known = parts.filter((part) => all.has(part));
        if (!known.length) continue;
        if (!known.some((part) => inside.has(part))) return false;
        selected = true;
      }
    }
    return selected;
  }
  // Sums of a column by period, in the order of the periods; for each value of `by` if given.
  sums(table, value, by) {
    const { rows, ignored } = this.rows(table);
    const numbers = table.numbers(value);
    const periods = table.values(this.roles.period);
    const groups = by ? table.values(by) : null;
    const found = new Map();
    for (const row of rows) {
      const place = this.place.get(String(periods[row]));
      if (place === undefined || Number.isNaN(numbers[row])) continue;
      const group = groups ? groups[row] ?? "none named" : "";
      if (!found.has(group)) found.set(group, new Array(this.periods.length).fill(0));
      found.get(group)[place] += numbers[row];
    }
    if (!by && !found.size) found.set("", new Array(this.periods.length).fill(0));
    return { found, ignored };
  }
}
