// Fills the page and connects its controls.

function fillSelect(id, names, preferred) {
  const select = byId(id);
  select.replaceChildren(...names.map(([value, label]) => element("option", { value }, label)));
  select.value = names.some(([value]) => value === preferred) ? preferred : names.length ? names[0][0] : "";
}

const MOST_NAMES = 1000; // that are offered where one is typed

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
  const metric = [content.metric, "steps", "loss"].find(isCommon);
  const { axes, names } = content.curves;
  fillSelect("curves-x", named(axes), "step");
  fillSelect("curves-metric", named(names.slice(axes.length)), [content.metric, "val_loss", `val_${content.metric}`].find((name) => name.startsWith("val_") && isDrawn(name)) ?? "loss");
  chooseCurveKeys();
  for (const id of ["metric-metric", "parallel-metric", "heat-metric"]) fillSelect(id, named(metrics), metric);
  fillSelect("metric-setting", named(settings), first);
  const [across, down] = [content.conclusion.by, content.telling, byUse, settings].map(crossingOf).find(Boolean) ?? settings;
  fillSelect("heat-across", named(settings), across);
  fillSelect("heat-down", named(settings), down);
}

// Whether most runs have learning curves of this metric.
const isDrawn = (metric) =>
  content.curves.names.includes(metric) && 2 * runs.every.filter((run) => curveOf(run, metric)).length > runs.count;

// Those that vary among them, seeds left out while others do.
function crossingOf(names) {
  const known = names.filter((name) => runs.columns.has(name));
  return crossing(known.filter((name) => name !== "seed")) ?? crossing(known);
}

// Of these settings the two whose values were combined most fully; none where each decides the others.
function crossing(settings) {
  let [best, most] = [undefined, 0];
  const several = settings.slice(0, MOST_DIMENSIONS).filter((name) => groupsBy(name, runs.every).length <= MOST_CELLS);
  several.forEach((across, at) => {
    for (const down of several.slice(at + 1)) {
      const [columns, rows] = [across, down].map((name) => groupsBy(name, runs.every));
      const cells = columns.reduce((sum, [, members]) => sum + groupsBy(down, members).length, 0);
      const share = cells / (columns.length * rows.length);
      if (cells > Math.max(columns.length, rows.length) && share > most) [best, most] = [[across, down], share];
    }
  });
  return best;
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
  const unreadable = Object.entries(content.unreadable).map(([name, why]) => `${name}: ${why}`);
  const missing = unreadable.length ? ` ${unreadable.length} folders could not be read.` : "";
  byId("summary").textContent = content.summary + missing;
  byId("sampled").textContent = content.sampled;
  byId("sampled").hidden = !content.sampled;
  byId("summary").title = unreadable.slice(0, 20).join("\n");
}

// A single run has nothing to be compared with.
function hideComparisons() {
  if (runs.count > 1) return;
  for (const id of ["metric", "parallel", "heat", "compare"]) {
    byId(id).hidden = true;
    document.querySelector(`nav a[href="#${id}"]`).hidden = true;
  }
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
  for (const id of ["curves-metric", "curves-x"]) on(id, "change", setLogAxes);
  on("metric-metric", "change", setLogMetric);
  on("parallel-metric", "change", forgetBrushes);
  on("parallel-keep", "click", filterByBrushes);
  for (const id of Object.keys(CHARTS)) {
    for (const control of byId(id).querySelectorAll("select, input")) {
      control.addEventListener("change", () => redrawCharts(id));
    }
  }
  byId("run-names").replaceChildren(...runs.every.slice(0, MOST_NAMES).map((run) => element("option", { value: nameOf(run) })));
  for (const id of ["compare-a", "compare-b"]) on(id, "input", showComparison);
  on("panel", "cancel", closePanel);
  on("panel", "keydown", turnByKey);
  addEventListener("hashchange", followHash);
  addEventListener("resize", () => redrawCharts("parallel"));
  dark.addEventListener("change", () => { redrawCharts(); showComparison(); followHash(); });
  addEventListener("beforeprint", () => printCharts(true));
  addEventListener("afterprint", () => printCharts(false));
}

chooseFirstColumns();
sortByMetric();
fillSelects();
setLogAxes();
setLogMetric();
summarise();
hideComparisons();
showConclusion();
showColumnChoices();
showConstants();
connect();
applyFilter();
showComparison();
watchCharts();
followHash();
