// Numbers as a reader sees them, by the number formats that the plan's workbook uses.

function decimalsOf(format) {
  const tail = (format.split(".")[1] || "").replace(/[ %]/g, "");
  return [tail.replace(/#/g, "").length, tail.length];
}

const FORMATTERS = new Map();

// Making one takes far longer than using it.
function formatter(least, most) {
  const key = 32 * least + most;
  if (!FORMATTERS.has(key)) FORMATTERS.set(key, new Intl.NumberFormat("en-US", { minimumFractionDigits: least, maximumFractionDigits: most }));
  return FORMATTERS.get(key);
}

function shownNumber(value, format = "#,##0.00##") {
  if (typeof value === "string") return value === "Infinity" ? "no limit" : value;
  const share = format.endsWith("%");
  if (format === "General") format = "#,##0.00##";
  const [least, most] = decimalsOf(format);
  const text = formatter(least, most).format(share ? 100 * value : value);
  return (text === "-0" ? "0" : text) + (share ? " %" : "");
}

// As people write it: no decimals of a thousand or more or of what is whole, else one.
function plainNumber(value) {
  if (value && Math.abs(value) < 1) return String(Number(value.toPrecision(3)));
  const whole = Math.abs(value) >= 1000 || Math.abs(value - Math.round(value)) < 1e-9;
  return shownNumber(value, whole ? "#,##0" : "#,##0.0");
}

// Three figures or so: for labels in charts.
function short(value) {
  const size = Math.abs(value);
  const digits = size >= 100 || Number.isInteger(value) ? 0 : size >= 10 ? 1 : 2;
  return value.toLocaleString("en-US", { maximumFractionDigits: digits });
}

function shownCell(column, value) {
  if (value === null || value === undefined) return "";
  if (column.kind === "flag") return value ? "yes" : "no";
  if (typeof value === "number") return shownNumber(value, column.format);
  if (value === "Infinity" && column.kind === "number") return "no limit";
  return String(value);
}

function spaced(name) {
  const words = name.replace(/_/g, " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

// The name of a measured column without its unit, which stands beside it.
function measured(name) {
  return spaced(name.replace(/_(mw|gwh|tco2|ms|units|months|person_months)$/, ""));
}

function titled(column) {
  if (column.name.toUpperCase() === column.unit) return column.unit;
  const name = measured(column.name);
  return column.unit ? `${name} (${column.unit})` : name;
}

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}
