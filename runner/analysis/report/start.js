// Fills the page and connects its controls.

function fillSelect(id, names, preferred) {
  const select = byId(id);
  select.replaceChildren(...names.map(([value, label]) => element("option", { value }, label)));
  select.value = names.some(([value]) => value === preferred) ? preferred : names.length ? names[0][0] : "";
}

const named = (names) => names.map((name) => [name, name]);

// Whether most runs have this metric.
function isCommon(name) {
  const column = runs.columns.get(name);
  return column && 2 * column.numbers.filter((value) => value !== null).length > runs.count;
}

function fillSelects() {
  const [settings, metrics] = [choosable(), metricNames()];
  const byUse = settings.filter((name) => name !== "seed");
  const first = byUse.find(isGrouping) ?? byUse[0] ?? settings[0] ?? "";
  const second = byUse.find((name) => name !== first) ?? settings.find((name) => name !== first);
  const metric = ["test_accuracy", "val_accuracy", "test_r2", "steps", "loss"].find(isCommon);
  fillSelect("curves-metric", named(content.curves.names.slice(1)), "loss");
  fillSelect("curves-group", [["", "run"], ...named(settings)], runs.count > 1 ? first : "");
  for (const id of ["metric-metric", "parallel-metric", "heat-metric"]) fillSelect(id, named(metrics), metric);
  fillSelect("metric-setting", named(settings), first);
  fillSelect("heat-across", named(settings), first);
  fillSelect("heat-down", named(settings), second);
}

// Whether a setting makes a few groups, that can have a colour each.
const isGrouping = (name) => groupsBy(name, runs.every).length <= MOST_GROUPS / 2;

function setLogAxes() {
  const metric = byId("curves-metric").value;
  const curves = runs.every.slice(0, 200).map((run) => metric && curveOf(run, metric)).filter(Boolean);
  byId("curves-log-x").checked = wantsLog(curves.flatMap(([steps]) => steps));
  byId("curves-log-y").checked = wantsLog(curves.flatMap(([, values]) => values));
}

function setLogMetric() {
  const column = runs.columns.get(byId("metric-metric").value);
  byId("metric-log-y").checked = Boolean(column) && wantsLog(column.numbers);
}

function summarise() {
  const status = runs.columns.get("status");
  const constant = content.constants.find(({ name }) => name === "status");
  const counts = status
    ? groupsBy("status", runs.every).map(([name, members]) => `${members.length} ${labelOf(name)}`)
    : constant ? [constant.value] : [];
  const unreadable = Object.entries(content.unreadable).map(([name, why]) => `${name}: ${why}`);
  const missing = unreadable.length ? ` ${unreadable.length} folders could not be read.` : "";
  byId("summary").textContent = `${runs.count.toLocaleString("en")} runs: ${counts.join(", ")}.${missing}`;
  byId("summary").title = unreadable.slice(0, 20).join("\n");
}

function connect() {
  const on = (id, event, action) => byId(id).addEventListener(event, action);
  let waiting;
  on("filter", "input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(applyFilter, 120);
  });
  on("previous", "click", () => turnPage(-1));
  on("next", "click", () => turnPage(1));
  on("curves-metric", "change", setLogAxes);
  on("metric-metric", "change", setLogMetric);
  for (const id of Object.keys(CHARTS)) {
    for (const control of byId(id).querySelectorAll("select, input")) {
      control.addEventListener("change", () => redrawCharts(id));
    }
  }
  for (const id of ["compare-a", "compare-b"]) on(id, "input", showComparison);
  on("panel", "cancel", closePanel);
  addEventListener("hashchange", followHash);
  dark.addEventListener("change", () => { redrawCharts(); showComparison(); followHash(); });
  addEventListener("beforeprint", () => printCharts(true));
  addEventListener("afterprint", () => printCharts(false));
}

chooseFirstColumns();
fillSelects();
setLogAxes();
setLogMetric();
summarise();
showColumnChoices();
showConstants();
connect();
applyFilter();
showComparison();
watchCharts();
followHash();
