// The table of runs: a page of it at a time, sorted by a column, with the columns one chooses.

const PAGE = 50;
const SETTINGS_SHOWN = 7;

const table = { shown: runs.every, sort: "run", descending: false, page: 0, columns: new Set() };
const chosen = []; // the runs to compare, two at most, the latest last

// Settings that tell the runs apart, and results that most people look at.
function chooseFirstColumns() {
  for (const name of [...content.telling.slice(0, SETTINGS_SHOWN), ...content.results]) table.columns.add(name);
}

// Of results the best come first, of settings the least.
const isMoreBetter = (name) => Boolean(runs.columns.get(name)?.higher);

function sortByMetric() {
  if (!runs.columns.has(content.metric)) return;
  Object.assign(table, { sort: content.metric, descending: isMoreBetter(content.metric) });
}

// The metric, then settings that tell the runs apart, then other results.
const inOrder = () => [...new Set([content.metric, ...choosable(), ...resultNames()])].filter((name) => runs.columns.has(name));

function sortedRuns() {
  const column = runs.columns.get(table.sort);
  const sign = table.descending ? -1 : 1;
  if (!column) return table.descending ? [...table.shown].reverse() : table.shown;
  const rank = isNumeric(column) ? null : levelRanks(column);
  return [...table.shown].sort((a, b) => {
    if (rank) return sign * (rank[column.codes[a]] - rank[column.codes[b]]) || a - b;
    const [x, y] = [column.numbers[a], column.numbers[b]];
    if (x === null || y === null) return (x === null) - (y === null) || a - b;
    return sign * (x - y) || a - b;
  });
}

function levelRanks(column) {
  const order = column.levels.map((_, code) => code);
  order.sort((a, b) => compareValues(column.levels[a], column.levels[b]));
  const ranks = [];
  order.forEach((code, rank) => { ranks[code] = rank; });
  return ranks;
}

function headCell(name, numeric) {
  const direction = table.descending ? "descending" : "ascending";
  const sort = () => {
    table.descending = table.sort === name ? !table.descending : isMoreBetter(name);
    Object.assign(table, { sort: name, page: 0 });
    showTable();
    byId("table").querySelector(`th[aria-sort] button`).focus();
  };
  return element(
    "th",
    {
      scope: "col",
      class: numeric ? "number" : null,
      "aria-sort": table.sort === name ? direction : null,
    },
    element("button", { type: "button", onclick: sort }, name),
  );
}

function bodyRow(run, columns) {
  const box = element("input", {
    type: "checkbox",
    "aria-label": `compare run ${nameOf(run)}`,
    onchange: () => choose(run),
  });
  box.checked = chosen.includes(run);
  const link = element("a", { href: `#run-${run}`, title: content.paths[run] }, nameOf(run));
  const cells = columns.map((column) => {
    const text = textOf(column, run);
    const state = column.name === "status" ? text : "";
    const kind = [isNumeric(column) ? "number" : "", text.length > 40 ? "long" : "", state];
    return element("td", { class: kind.join(" ").trim() || null }, text);
  });
  return element(
    "tr",
    { class: box.checked ? "chosen" : null },
    element("td", { class: "choice" }, box),
    element("td", { class: "number" }, link),
    ...cells,
  );
}

function showTable() {
  const columns = inOrder()
    .filter((name) => table.columns.has(name))
    .map((name) => runs.columns.get(name));
  const pages = Math.max(1, Math.ceil(table.shown.length / PAGE));
  table.page = Math.min(table.page, pages - 1);
  const rows = sortedRuns().slice(table.page * PAGE, (table.page + 1) * PAGE);
  byId("table").replaceChildren(
    element(
      "thead",
      {},
      element(
        "tr",
        {},
        element("th", { scope: "col", class: "choice" }, "⚖"),
        headCell("run", true),
        ...columns.map((column) => headCell(column.name, isNumeric(column))),
      ),
    ),
    element("tbody", {}, ...rows.map((run) => bodyRow(run, columns))),
  );
  byId("table").querySelector("th.choice").setAttribute("aria-label", "compare");
  byId("page").textContent = `page ${table.page + 1} of ${pages}`;
  byId("previous").disabled = table.page === 0;
  byId("next").disabled = table.page === pages - 1;
  byId("pages").hidden = pages === 1;
}

function turnPage(by) {
  table.page += by;
  showTable();
}

function choose(run) {
  const place = chosen.indexOf(run);
  if (place >= 0) chosen.splice(place, 1);
  else chosen.push(run);
  if (chosen.length > 2) chosen.shift();
  showTable();
  const box = byId("table").querySelector(`input[aria-label="compare run ${CSS.escape(nameOf(run))}"]`);
  if (box) box.focus();
  const [a, b] = [...chosen].sort((x, y) => x - y);
  byId("compare-a").value = a === undefined ? "" : nameOf(a);
  byId("compare-b").value = b === undefined ? "" : nameOf(b);
  showComparison();
}

function applyFilter() {
  const field = byId("filter");
  try {
    table.shown = filtered(field.value);
    byId("count").textContent = `${table.shown.length.toLocaleString("en")} of ${runs.count.toLocaleString("en")} run${runs.count === 1 ? "" : "s"}`;
    field.removeAttribute("aria-invalid");
  } catch (error) {
    byId("count").textContent = error.message;
    field.setAttribute("aria-invalid", "true");
    return;
  }
  table.page = 0;
  showTable();
  forgetBrushes();
  redrawCharts();
}

function showColumnChoices() {
  const boxes = content.columns.map((column) => {
    const toggle = (event) => {
      if (event.target.checked) table.columns.add(column.name);
      else table.columns.delete(column.name);
      showTable();
    };
    const box = element("input", { type: "checkbox", onchange: toggle });
    box.checked = table.columns.has(column.name);
    return element("label", {}, box, column.name);
  });
  byId("column-choices").replaceChildren(...boxes);
}

function showConstants() {
  const rows = content.constants
    .filter(({ value }) => value !== "")
    .map(({ name, value }) =>
      element("tr", {}, element("th", { scope: "row" }, name), element("td", { class: "long" }, value)),
    );
  byId("constants").querySelector("table").replaceChildren(element("tbody", {}, ...rows));
  byId("constants").hidden = !rows.length;
}
