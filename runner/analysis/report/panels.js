// A run by itself, and two beside each other.

function commandBlock(run) {
  const command = content.commands[run];
  if (!command) return element("p", { class: "note" }, "Its command is not known: the folder has no .hydra/overrides.yaml.");
  const code = element("pre", { tabindex: "0" }, command);
  const copy = element("button", { type: "button" }, "Copy");
  copy.addEventListener("click", async () => {
    getSelection().selectAllChildren(code); // for Ctrl-C, where the clipboard is not to be had
    try {
      await navigator.clipboard.writeText(command);
      copy.textContent = "Copied";
    } catch {
      copy.textContent = "Selected: press Ctrl-C";
    }
  });
  return element("div", { class: "command" }, code, copy);
}

function valueRows(setting, run) {
  const varying = content.columns
    .filter((column) => column.setting === setting)
    .map((column) => [column.name, textOf(column, run)]);
  const constant = content.constants
    .filter((entry) => entry.setting === setting)
    .map(({ name, value }) => [name, value]);
  return [...varying, ...constant]
    .filter(([, value]) => value !== "")
    .map(([name, value]) =>
      element("tr", {}, element("th", { scope: "row" }, name), element("td", { class: "long" }, value)),
    );
}

function valueTable(setting, run) {
  return element("div", { class: "scroll" }, element("table", {}, element("tbody", {}, ...valueRows(setting, run))));
}

function pictureBlock(run) {
  const pictures = content.pictures[run];
  if (!pictures) return [];
  const figures = pictures.map(({ name, png }) =>
    element(
      "figure",
      {},
      element("img", { src: `data:image/png;base64,${png}`, alt: `${name} of run ${run}` }),
      element("figcaption", {}, name),
    ),
  );
  return [element("h3", {}, "Pictures"), element("div", { class: "pictures" }, ...figures)];
}

function closePanel() {
  history.replaceState(null, "", location.pathname + location.search);
  byId("panel").close();
}

function showPanel(run) {
  const panel = byId("panel");
  const chart = element("div", { class: "chart", id: "panel-chart" });
  panel.replaceChildren(
    element(
      "header",
      {},
      element("h2", { id: "panel-title" }, `Run ${run}`),
      element("button", { type: "button", onclick: closePanel }, "Close"),
    ),
    element("p", { class: "note" }, [content.paths[run], content.started[run]].filter(Boolean).join(", started ")),
    element("h3", {}, "Results"),
    valueTable(false, run),
    element("h3", {}, "How to repeat it"),
    commandBlock(run),
    element("h3", {}, "Learning curve"),
    chart,
    ...pictureBlock(run),
    element("h3", {}, "Settings"),
    valueTable(true, run),
  );
  if (!panel.open) panel.showModal();
  drawRuns("panel-chart", [run]);
}

// The loss, or the first metric there is, of some runs.
function drawRuns(id, members) {
  const metric = byId("curves-metric").value;
  const traces = metric ? curveTraces(members.map((run) => [`run ${run}`, [run]]), metric) : [];
  if (!traces.length) {
    noPlot(id, "No learning curve.");
    return;
  }
  const all = (axis) => traces.flatMap((trace) => trace[axis]);
  const type = (axis) => (wantsLog(all(axis)) ? "log" : "linear");
  const layout = layoutOf({ title: { text: curveAxis() }, type: type("x") }, { title: { text: plain(metric) }, type: type("y") });
  plot(id, traces, layout, `${metric} by ${curveAxis()} of run ${members.join(" and ")}`);
}

function followHash() {
  const found = /^#run-(\d+)$/.exec(location.hash);
  const run = found ? Number(found[1]) : -1;
  if (run >= 0 && run < runs.count) showPanel(run);
  else if (byId("panel").open) byId("panel").close();
}

function showComparison() {
  const [a, b] = ["compare-a", "compare-b"].map((id) => (byId(id).value === "" ? -1 : Number(byId(id).value)));
  const valid = [a, b].every((run) => Number.isInteger(run) && run >= 0 && run < runs.count);
  if (!valid || a === b) {
    byId("compare-note").textContent = `Tick two runs in the table, or type two numbers from 0 to ${runs.count - 1}.`;
    byId("differences").replaceChildren();
    byId("compare-chart").replaceChildren();
    byId("compare-chart").classList.add("none");
    return;
  }
  const differing = content.columns.filter((column) => valueOf(column, a) !== valueOf(column, b));
  const settings = differing.filter((column) => column.setting).length;
  byId("compare-note").textContent = settings
    ? `${settings} setting${settings > 1 ? "s" : ""} and ${differing.length - settings} results differ.`
    : `The settings are the same; ${differing.length - settings} results differ.`;
  const row = (column) => element(
    "tr",
    {},
    element("th", { scope: "row" }, column.name),
    element("td", { class: "long" }, textOf(column, a)),
    element("td", { class: "long" }, textOf(column, b)),
  );
  const head = (run) => element("th", { scope: "col" }, element("a", { href: `#run-${run}` }, `run ${run}`));
  byId("differences").replaceChildren(
    element("thead", {}, element("tr", {}, element("th", { scope: "col" }, ""), head(a), head(b))),
    element("tbody", {}, ...differing.map(row)),
  );
  drawRuns("compare-chart", [a, b]);
}
