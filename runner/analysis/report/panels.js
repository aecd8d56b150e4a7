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
    .map((column) => [column.name, textAlone(column, run)]);
  const constant = content.constants
    .filter((entry) => entry.setting === setting)
    .map(({ name, value }) => [name, value]);
  const known = new Map([...varying, ...constant]);
  const first = setting ? content.telling : [content.metric, ...content.results];
  const names = [...new Set([...first, ...known.keys()])].filter((name) => known.has(name));
  return names.map((name) => [name, known.get(name)])
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
  const figures = pictures.map(({ name, png, dark: twin }) => {
    const src = `data:image/png;base64,${isDark() && twin ? twin : png}`;
    const image = element("img", { alt: `${name} of run ${nameOf(run)}`, class: twin ? null : "light" });
    image.addEventListener("load", () => halve(image));
    image.src = src;
    return element("figure", {}, image, element("figcaption", {}, name));
  });
  return [element("h3", {}, "Pictures"), element("div", { class: "pictures" }, ...figures)];
}

// Pictures have two pixels for each of the page's; those of versions before have one.
function halve(image) {
  if (image.naturalWidth > 850) image.width = image.naturalWidth / 2;
}

function closePanel() {
  history.replaceState(null, "", location.pathname + location.search);
  byId("panel").close();
}

// The run's metric, and what else is shown of its results in the table.
function resultLine(run) {
  const texts = [content.metric, ...content.results.filter((name) => name !== content.metric)].flatMap((name) => {
    const column = runs.columns.get(name);
    const text = column ? textAlone(column, run) : content.constants.find((entry) => entry.name === name)?.value;
    return text ? [element("span", {}, element("b", {}, text), ` ${name}`)] : [];
  });
  return element("p", { class: "result" }, ...texts);
}

const settingsLine = (run) => content.telling.flatMap((name) => {
  const column = runs.columns.get(name);
  return column ? [`${shortName(name)}=${textOf(column, run) || "none"}`] : [];
}).join(", ");

// The run before or after in the table's order; undefined beyond its ends.
function neighbour(run, by) {
  const order = sortedRuns();
  const place = order.indexOf(run);
  return place < 0 ? undefined : order[place + by];
}

function turnButton(run, by, label, text) {
  const other = neighbour(run, by);
  const turn = () => turnPanel(by);
  return element("button", { type: "button", id: by < 0 ? "run-before" : "run-after", "aria-label": label, disabled: other === undefined, onclick: turn }, text);
}

// The panel of the next run; the button that was used keeps the focus.
function turnPanel(by) {
  const run = neighbour(Number(byId("panel").dataset.run), by);
  if (run === undefined) return;
  const { id } = document.activeElement;
  history.replaceState(null, "", `#run-${run}`);
  showPanel(run);
  const button = id ? byId(id) : null;
  if (button && !button.disabled) button.focus();
  else byId("panel-title").focus();
}

// Left and right, but where they move something else.
function turnByKey(event) {
  const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (!by || event.altKey || event.ctrlKey || event.metaKey || event.target.closest("pre, input, select, .scroll")) return;
  event.preventDefault();
  turnPanel(by);
}

function panelHead(run) {
  const order = sortedRuns();
  const place = order.indexOf(run);
  const where = place < 0 ? "" : ` · ${(place + 1).toLocaleString("en")} of ${order.length.toLocaleString("en")} by ${table.sort}`;
  return element(
    "header",
    {},
    element("h2", { id: "panel-title", tabindex: "-1" }, `Run ${nameOf(run)}`, element("small", {}, where)),
    element(
      "div",
      { class: "turn" },
      turnButton(run, -1, "previous run", "←"),
      turnButton(run, 1, "next run", "→"),
      element("button", { type: "button", onclick: closePanel }, "Close"),
    ),
  );
}

function showPanel(run) {
  const panel = byId("panel");
  panel.dataset.run = run;
  panel.replaceChildren(
    panelHead(run),
    resultLine(run),
    element("p", { class: "note" }, [settingsLine(run), [content.paths[run], content.started[run]].filter(Boolean).join(", started ")].filter(Boolean).join(" · ")),
    element("div", { class: "chart", id: "panel-chart" }),
    ...pictureBlock(run),
    element("h3", {}, "How to repeat it"),
    commandBlock(run),
    element("h3", {}, "Results"),
    valueTable(false, run),
    element("h3", {}, "Settings"),
    valueTable(true, run),
  );
  if (!panel.open) panel.showModal();
  panel.scrollTop = 0;
  drawRuns("panel-chart", [run]);
}

// The loss, or the first metric there is, of some runs.
function drawRuns(id, members) {
  const metric = byId("curves-metric").value;
  const traces = metric ? curveTraces(members.map((run) => [`run ${nameOf(run)}`, [run]]), metric) : [];
  if (!traces.length) {
    noPlot(id, "No learning curve.");
    return;
  }
  const all = (axis) => traces.flatMap((trace) => trace[axis]);
  const type = (axis) => (wantsLog(all(axis)) ? "log" : "linear");
  const layout = layoutOf({ title: { text: curveAxis() }, type: type("x") }, { title: { text: plain(metric) }, type: type("y") });
  plot(id, traces, layout, `${metric} by ${curveAxis()} of run ${members.map(nameOf).join(" and ")}`);
}

function followHash() {
  const found = /^#run-(\d+)$/.exec(location.hash);
  const run = found ? Number(found[1]) : -1;
  if (run >= 0 && run < runs.count) showPanel(run);
  else if (byId("panel").open) byId("panel").close();
}

const textOfTwo = (column, run, other) =>
  isNumeric(column) ? textBeside(column, valueOf(column, run), valueOf(column, other)) : valueOf(column, run);

function showComparison() {
  const [a, b] = ["compare-a", "compare-b"].map((id) => content.names.indexOf(byId(id).value.trim()));
  if (a < 0 || b < 0 || a === b) {
    byId("compare-note").textContent = `Tick two runs in the table, or type the names of two, from ${nameOf(0)} to ${nameOf(runs.count - 1)}.`;
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
    ...[[a, b], [b, a]].map(([run, other]) => element("td", { class: "long" }, textOfTwo(column, run, other))),
  );
  const head = (run) => element("th", { scope: "col" }, element("a", { href: `#run-${run}` }, `run ${nameOf(run)}`));
  byId("differences").replaceChildren(
    element("thead", {}, element("tr", {}, element("th", { scope: "col" }, ""), head(a), head(b))),
    element("tbody", {}, ...differing.map(row)),
  );
  drawRuns("compare-chart", [a, b]);
}
