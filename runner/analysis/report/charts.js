// The charts, drawn by Plotly when they come into view, in the colours of the page.

const MOST_BOXES = 24;
const MOST_CELLS = 40;

const scale = () => (isDark() ? "Viridis" : "Cividis");

// Plotly reads a little HTML in labels; names are to be shown as they are.
const plain = (text) =>
  String(text).slice(0, 60).replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");

function layoutOf(x, y) {
  const { ink, line } = colours();
  const axis = { gridcolor: line, zerolinecolor: line, automargin: true, exponentformat: "power" };
  return {
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    font: { color: ink, family: "system-ui, sans-serif", size: 13 },
    margin: { l: 60, r: 15, t: 20, b: 50 },
    legend: { orientation: "h", traceorder: "normal", y: 1.02, yanchor: "bottom", x: 0 },
    hoverlabel: { font: { family: "system-ui, sans-serif" } },
    xaxis: { ...axis, ...x },
    yaxis: { ...axis, ...(y.type === "log" ? { nticks: 7 } : {}), ...y }, // else 2 and 5 stand on the powers of ten
  };
}

const waiting = new Map(); // by chart what is to be drawn once Plotly is there
librariesReady.then(
  () => { for (const draw of waiting.values()) draw(); },
  () => { for (const id of waiting.keys()) noPlot(id, "This browser is too old to unpack the charts."); },
);

function plot(id, traces, layout, description) {
  if (!globalThis.Plotly) {
    waiting.set(id, () => plot(id, traces, layout, description));
    return;
  }
  const place = byId(id);
  if (!place) return;
  place.classList.remove("none");
  place.setAttribute("role", "img");
  place.setAttribute("aria-label", description);
  const responsive = layout.width === undefined;
  Plotly.react(place, traces, layout, { responsive, displaylogo: false, displayModeBar: false });
}

function noPlot(id, why) {
  const place = byId(id);
  waiting.delete(id);
  globalThis.Plotly?.purge(place);
  place.classList.add("none");
  place.textContent = why;
}

const positive = (values) => values.every((value) => value === null || value > 0);
const spread = (values) => Math.max(...values) / Math.min(...values);

// Logarithmic axes where numbers are positive and a hundredfold apart.
function wantsLog(values) {
  const known = values.filter((value) => value !== null);
  return known.length > 1 && positive(known) && spread(known) >= 100;
}

function drawMetric() {
  const [metric, by] = [byId("metric-metric").value, byId("metric-setting").value];
  if (!metric || !by || !table.shown.length) return noPlot("metric-chart", "Nothing to show.");
  const [column, values] = [runs.columns.get(by), runs.columns.get(metric).numbers];
  const measured = table.shown.filter((run) => values[run] !== null);
  if (!measured.length) return noPlot("metric-chart", `None of these runs has ${metric}.`);
  const groups = groupsBy(by, measured);
  const yaxis = { title: { text: plain(metric) }, type: byId("metric-log-y").checked ? "log" : "linear" };
  const hover = (members) => members.map((run) => `run ${nameOf(run)}`);
  if (groups.length > MOST_BOXES && isNumeric(column)) {
    const x = measured.map((run) => column.numbers[run]);
    const xaxis = { title: { text: plain(by) }, type: wantsLog(x) ? "log" : "linear" };
    const marker = { color: palette()[0], opacity: 0.6, size: 6 };
    const dots = { x, y: measured.map((run) => values[run]), text: hover(measured), mode: "markers", marker };
    plot("metric-chart", [dots], layoutOf(xaxis, yaxis), `${metric} by ${by}`);
    byId("metric-note").textContent = `A dot is a run.${toldOfEarly(measured)}`;
    return undefined;
  }
  const shown = groups.slice(0, MOST_BOXES);
  const traces = shown.map(([value, members]) => ({
    type: "box", name: plain(labelOf(value)), y: members.map((run) => values[run]), text: hover(members),
    boxpoints: measured.length > 600 ? "outliers" : "all", jitter: 0.4, pointpos: 0,
    marker: { color: palette()[0], size: 5, opacity: 0.75 }, line: { width: 1.3 },
    fillcolor: transparent(palette()[0], 0.15), showlegend: false,
  }));
  const xaxis = { title: { text: plain(by) }, type: "category" };
  plot("metric-chart", traces, layoutOf(xaxis, yaxis), `${metric} by ${by}`);
  const more = groups.length > shown.length ? ` The first ${shown.length} of ${groups.length} values.` : "";
  byId("metric-note").textContent = `Boxes: middle half and median; whiskers: 1.5 times that height at most. A dot is a run.${more}${toldOfEarly(measured)}`;
  return undefined;
}

function drawHeat() {
  const [metric, across, down] = ["heat-metric", "heat-across", "heat-down"].map((id) => byId(id).value);
  if (!metric || !across || !down || across === down || !table.shown.length) {
    return noPlot("heat-chart", "Takes two different settings that vary.");
  }
  const values = runs.columns.get(metric).numbers;
  const measured = table.shown.filter((run) => values[run] !== null);
  if (!measured.length) return noPlot("heat-chart", `None of these runs has ${metric}.`);
  const [columns, rows] = [across, down].map((name) => groupsBy(name, measured).slice(0, MOST_CELLS));
  const place = new Map(columns.flatMap(([_, members], at) => members.map((run) => [run, at])));
  const z = rows.map(([_, members]) => {
    const cells = columns.map(() => []);
    for (const run of members) if (place.has(run)) cells[place.get(run)].push(values[run]);
    return cells.map(mean);
  });
  const known = z.flat().filter((value) => value !== null);
  const logarithmic = wantsLog(known);
  const height = (value) => (value === null ? null : logarithmic ? Math.log10(value) : value);
  const trace = {
    type: "heatmap", z: z.map((row) => row.map(height)), colorscale: scale(), xgap: 1, ygap: 1,
    x: columns.map(([value]) => plain(labelOf(value))), y: rows.map(([value]) => plain(labelOf(value))),
    text: z.map((row) => row.map((value) => numberText(runs.columns.get(metric), value))), hoverinfo: "x+y+text",
    texttemplate: known.length <= 150 ? "%{text}" : "", showscale: !logarithmic,
  };
  const axis = (name) => ({ title: { text: plain(name) }, type: "category" });
  plot("heat-chart", [trace], layoutOf(axis(across), axis(down)), `mean ${metric} by ${across} and ${down}`);
  byId("heat-note").textContent = `Mean ${metric} of the runs in each cell${logarithmic ? "; colours by its logarithm" : ""}.${toldOfEarly(measured)}`;
  return undefined;
}

// A section's chart is drawn when it comes into view, and again when what it shows has changed.
const CHARTS = { curves: drawCurves, metric: drawMetric, parallel: drawParallel, heat: drawHeat };
const inView = new Set();
const outdated = new Set(Object.keys(CHARTS));

function drawInView() {
  for (const id of inView) {
    if (outdated.delete(id)) CHARTS[id]();
  }
}

function redrawCharts(...ids) {
  for (const id of ids.length ? ids : Object.keys(CHARTS)) outdated.add(id);
  drawInView();
}

function watchCharts() {
  const observer = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      if (isIntersecting) inView.add(target.id);
      else inView.delete(target.id);
    }
    drawInView();
  }, { rootMargin: "300px" });
  for (const id of Object.keys(CHARTS)) observer.observe(byId(id));
}

// On paper charts are as wide as the page is: drawn for a wide screen they would shrink all of it.
function printCharts(starts) {
  printing = starts;
  document.body.classList.toggle("paper", starts);
  for (const folded of document.querySelectorAll("#conclusion details")) folded.open = starts;
  for (const id of Object.keys(CHARTS)) inView.add(id);
  redrawCharts();
  for (const chart of document.querySelectorAll(".js-plotly-plot")) globalThis.Plotly?.Plots.resize(chart);
}
