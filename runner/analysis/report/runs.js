// What the report is about: its runs, as columns by name, and which of them the filter keeps.

const runs = {
  count: content.paths.length,
  every: content.paths.map((_, run) => run),
  columns: new Map(content.columns.map((column) => [column.name, column])),
};

const isNumeric = (column) => column.numbers !== undefined;

function valueOf(column, run) {
  return isNumeric(column) ? column.numbers[run] : column.levels[column.codes[run]];
}

const shortNumber = (value) => (value === null ? "" : shortText(Number.isInteger(value) ? value : Number(value.toPrecision(5)), 5));

// A number as it is, in threes where it is large, and with its power of ten where that is shorter.
function shortText(value, digits) {
  if (Number.isInteger(value)) return value.toLocaleString("en");
  const size = Math.abs(value);
  return size >= 1000 && size < 1e15 ? value.toLocaleString("en", { maximumSignificantDigits: Math.max(digits, 5) }) : String(value);
}

const MOST_DECIMALS = 7;
const ALONE = 6; // digits

// Of a column of small numbers 4.17e-8, for zeros are hard to count; as many digits for the largest as its decimals give.
function powerText(column, value) {
  column.largest ??= Math.max(...column.numbers.map((one) => Math.abs(one ?? 0)));
  const digits = column.decimals + Math.floor(Math.log10(column.largest));
  return value && digits < 4 ? value.toExponential(Math.max(0, digits)) : value.toFixed(column.decimals);
}

// A number of a column, alike with its others.
function numberText(column, value) {
  if (column.name === "seed" || value === null) return String(value ?? "");
  if (column.decimals === null) return shortNumber(value);
  if (column.decimals > MOST_DECIMALS) return powerText(column, value);
  const digits = { minimumFractionDigits: column.decimals, maximumFractionDigits: column.decimals };
  column.format ??= new Intl.NumberFormat("en", digits); // slow to make
  return column.format.format(value);
}

// A number of a column by itself, with digits of its own: those of all would leave few of a small one.
function aloneText(column, value) {
  if (value === null || Number.isInteger(value) || column.setting) return numberText(column, value);
  return shortText(Number(value.toPrecision(ALONE)), ALONE);
}

// The same beside another one, with the digits that tell them apart.
function textBeside(column, value, other) {
  const text = aloneText(column, value);
  return value !== other && text === aloneText(column, other) ? String(value) : text;
}

function textAlone(column, run) {
  const value = valueOf(column, run);
  return isNumeric(column) ? aloneText(column, value) : value;
}

function textOf(column, run) {
  const value = valueOf(column, run);
  return isNumeric(column) ? numberText(column, value) : value;
}

const settingNames = () => content.columns.filter((c) => c.setting).map((c) => c.name);
const resultNames = () => content.columns.filter((c) => !c.setting).map((c) => c.name);
const metricNames = () => resultNames().filter((name) => isNumeric(runs.columns.get(name)));

// Settings, those that tell the runs apart before the others.
function choosable() {
  const settings = settingNames();
  const known = content.telling.filter((name) => settings.includes(name));
  return [...known, ...settings.filter((name) => !known.includes(name))];
}

// Numbers by size, texts by their parts: 3-4-1 before 3-16-1, nothing last.
const collator = new Intl.Collator("en", { numeric: true });
function compareValues(a, b) {
  if (a === b) return 0;
  if (a === null || a === "") return 1;
  if (b === null || b === "") return -1;
  return typeof a === "number" ? a - b : collator.compare(a, b);
}

// The runs in groups of a column's values, in the order of these: [[value, [run, …]], …].
function groupsBy(name, members) {
  const column = runs.columns.get(name);
  const groups = new Map();
  for (const run of members) {
    const value = valueOf(column, run);
    if (!groups.has(value)) groups.set(value, []);
    groups.get(value).push(run);
  }
  return [...groups].sort(([a], [b]) => compareValues(a, b));
}

// A run's folder, below the one that holds all of them.
const nameOf = (run) => content.names[run];
// A name without what comes before its last point.
const shortName = (name) => name.replace(/\.name$/, "").replace(/^.*\./, "");

// The same of several columns, in words: [["3-4-1 learning_rate=0.1", [run, …]], …]; named: numbers always are.
function groupsByAll(names, members, named = false) {
  const [first, ...rest] = names;
  if (first === undefined) return [["", members]];
  const alone = names.length === 1 && !named;
  return groupsBy(first, members).flatMap(([value, some]) => {
    const label = typeof value === "string" && value !== "" || alone ? labelOf(value) : `${shortName(first)}=${labelOf(value)}`;
    return groupsByAll(rest, some, true).map(([other, those]) => [[label, other].filter(Boolean).join(" "), those]);
  });
}

function labelOf(value) {
  if (value === null || value === "") return "none";
  return typeof value === "number" ? String(value) : value;
}

function mean(values) {
  const known = values.filter((v) => v !== null && v !== undefined);
  return known.length ? known.reduce((sum, v) => sum + v, 0) / known.length : null;
}

function median(values) {
  const sorted = values.filter((v) => v !== null && v !== undefined).sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (!sorted.length) return null;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

const COMPARISONS = {
  "=": (order) => order === 0,
  "!=": (order) => order !== 0,
  "<": (order) => order < 0,
  "<=": (order) => order <= 0,
  ">": (order) => order > 0,
  ">=": (order) => order >= 0,
};

// Of runs that are shown together how many stopped before their end, for their numbers are of then.
function toldOfEarly(members) {
  const status = runs.columns.get("status");
  const early = status ? members.filter((run) => valueOf(status, run) !== "completed").length : 0;
  if (!early) return "";
  return ` ${early.toLocaleString("en")} of ${members.length.toLocaleString("en")} runs did not complete: they are shown as they were when they stopped.`;
}

// A column by its name, or by the end of it: learning_rate is optimizer.learning_rate.
function columnNamed(name) {
  if (runs.columns.has(name)) return runs.columns.get(name);
  const ends = content.columns.filter((column) => column.name.endsWith("." + name));
  if (ends.length === 1) return ends[0];
  throw new Error(ends.length ? `several columns end in ${name}` : `no column is named ${name}`);
}

function comparison(name, sign, wanted) {
  const column = columnNamed(name);
  const holds = COMPARISONS[sign];
  if (!isNumeric(column)) return (run) => holds(collator.compare(valueOf(column, run), wanted));
  const number = wanted === "" ? NaN : Number(wanted);
  if (Number.isNaN(number)) throw new Error(`${name} is compared with a number, not '${wanted}'`);
  return (run) => column.numbers[run] !== null && holds(column.numbers[run] - number);
}

function containing(word) {
  const wanted = word.toLowerCase();
  const levels = content.columns
    .filter((column) => !isNumeric(column))
    .map((column) => [column, column.levels.map((level) => level.toLowerCase().includes(wanted))]);
  return (run) =>
    levels.some(([column, found]) => found[column.codes[run]]) ||
    content.paths[run].toLowerCase().includes(wanted);
}

// A value as a filter holds it: in quotes where it has spaces or is nothing.
function quoted(value) {
  const text = String(value);
  if (text !== "" && !/\s/.test(text)) return text;
  return text.includes('"') ? `'${text}'` : `"${text}"`;
}

const TERMS = /[^\s<>=!]+(?:<=|>=|!=|=|<|>)(?:"[^"]*"|'[^']*')|\S+/g;

// The runs that a filter keeps. Throws an Error that says what cannot be understood.
function filtered(text) {
  const tests = (text.match(TERMS) ?? []).map((term) => {
    const parts = /^([^<>=!]+)(<=|>=|!=|=|<|>)(.*)$/.exec(term);
    if (!parts) return containing(term);
    return comparison(parts[1], parts[2], parts[3].replace(/^(["'])(.*)\1$/, "$2"));
  });
  return runs.every.filter((run) => tests.every((test) => test(run)));
}
