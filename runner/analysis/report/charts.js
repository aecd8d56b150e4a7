// The charts, drawn by Plotly when they come into view, in the colours of the page.

const DASHES = ["solid", "dash", "dot"];
const MOST_GROUPS = 16;
const MOST_BOXES = 24;
const MOST_CELLS = 40;
const GRID = 50;
const MOST_IN_BAND = 20;

const scale = () => (isDark() ? "Viridis" : "Cividis");

// Plotly reads a little HTML in labels; names are to be shown as they are.
const plain = (text) =>
  String(text).slice(0, 60).replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");

function layoutOf(x, y) {
  const [ink, line] = isDark() ? ["#e6e9ed", "#363d46"] : ["#1c2127", "#d8dde3"];
  const axis = { gridcolor: line, zerolinecolor: line, automargin: true, exponentformat: "power" };
  return {
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    font: { color: ink, family: "system-ui, sans-serif", size: 13 },
    margin: { l: 60, r: 15, t: 20, b: 50 },
    legend: { orientation: "h", traceorder: "normal", y: 1.02, yanchor: "bottom", x: 0 },
    hoverlabel: { font: { family: "system-ui, sans-serif" } },
    xaxis: { ...axis, ...x },
    yaxis: { ...axis, ...y },
  };
}

function plot(id, traces, layout, description) {
  const place = byId(id);
  place.classList.remove("none");
  place.setAttribute("role", "img");
  place.setAttribute("aria-label", description);
  const responsive = layout.width === undefined;
  Plotly.react(place, traces, layout, { responsive, displaylogo: false, displayModeBar: false });
}

function noPlot(id, why) {
  const place = byId(id);
  Plotly.purge(place);
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

const curveAxis = () => byId("curves-x").value;

// A run's curve as [steps, values], without what is missing; steps, or what else curves are drawn against.
function curveOf(run, metric) {
  const columns = content.curves.runs[run];
  if (!columns) return null;
  const [steps, values] = [curveAxis(), metric].map((name) => columns[content.curves.names.indexOf(name)]);
  const known = steps.map((_, place) => place).filter((place) => values[place] !== null && steps[place] > 0);
  if (!known.length) return null;
  return [known.map((place) => steps[place]), known.map((place) => values[place])];
}

// A curve's value at a step, on a straight line in log step; null beyond its ends.
function valueAt([steps, values], step) {
  if (step < steps[0] || step > steps[steps.length - 1]) return null;
  let after = steps.findIndex((known) => known >= step);
  if (steps[after] === step) return values[after];
  const [low, high] = [Math.log(steps[after - 1]), Math.log(steps[after])];
  const share = (Math.log(step) - low) / (high - low);
  return values[after - 1] + share * (values[after] - values[after - 1]);
}

// The value below which a share of the sorted numbers lies.
const quantile = (sorted, share) => sorted[Math.round(share * (sorted.length - 1))];

// Median of several curves and the band around it, on steps that are evenly spaced in log: least and
// greatest of a few, the middle eight of ten of many.
function bandOf(curves) {
  if (curves.length === 1) return { steps: curves[0][0], middle: curves[0][1] };
  const first = Math.max(1e-9, Math.min(...curves.map(([steps]) => steps[0])));
  const last = Math.max(...curves.map(([steps]) => steps[steps.length - 1]));
  const grid = [];
  for (let i = 0; i <= GRID; i += 1) grid.push(first * (last / first) ** (i / GRID));
  grid[GRID] = last;
  const band = { steps: grid, middle: [], low: [], high: [] };
  for (const step of grid) {
    const values = curves.map((curve) => valueAt(curve, step)).filter((value) => value !== null);
    values.sort((a, b) => a - b);
    const cut = curves.length > MOST_IN_BAND ? 0.1 : 0;
    band.middle.push(median(values));
    band.low.push(quantile(values, cut) ?? null);
    band.high.push(quantile(values, 1 - cut) ?? null);
  }
  return band;
}

function transparent(colour, share) {
  const [r, g, b] = [1, 3, 5].map((place) => parseInt(colour.slice(place, place + 2), 16));
  return `rgba(${r},${g},${b},${share})`;
}

// The metric in training beside that on validation data; none where colours have to be told by dashes.
function inTraining(groups, metric) {
  const name = metric.replace(/^val_/, "");
  return name !== metric && content.curves.names.includes(name) && groups.length <= palette().length ? name : null;
}

function curveTraces(groups, metric) {
  const traces = [];
  const training = inTraining(groups, metric);
  groups.forEach(([name, members], place) => {
    const curves = members.map((run) => curveOf(run, metric)).filter(Boolean);
    if (!curves.length) return;
    const colour = palette()[place % palette().length];
    const band = bandOf(curves);
    const edge = { x: band.steps, mode: "lines", line: { width: 0 }, hoverinfo: "skip", showlegend: false };
    if (band.low) {
      const fill = { fill: "tonexty", fillcolor: transparent(colour, 0.18) };
      traces.push({ ...edge, y: band.low }, { ...edge, y: band.high, ...fill });
    }
    const dash = DASHES[Math.floor(place / palette().length) % DASHES.length];
    traces.push({
      x: band.steps, y: band.middle, mode: "lines", name: plain(name), line: { color: colour, dash },
    });
    const beside = training ? members.map((run) => curveOf(run, training)).filter(Boolean) : [];
    if (!beside.length) return;
    const { steps, middle } = bandOf(beside);
    const dotted = { line: { color: colour, dash: "dot", width: 1.3 }, showlegend: groups.length === 1 };
    traces.push({ x: steps, y: middle, mode: "lines", name: `${plain(name)} in training`, ...dotted });
  });
  return traces;
}

function drawCurves() {
  const [metric, by] = [byId("curves-metric").value, byId("curves-group").value];
  if (!metric || !table.shown.length) return noPlot("curves-chart", "No learning curves to show.");
  const all = by === ""
    ? table.shown.map((run) => [`run ${run}`, [run]])
    : groupsBy(by, table.shown).map(([value, members]) => [labelOf(value), members]);
  const groups = all.slice(0, MOST_GROUPS);
  const axis = (id, title) => ({ title: { text: title }, type: byId(id).checked ? "log" : "linear" });
  const layout = layoutOf(axis("curves-log-x", curveAxis()), axis("curves-log-y", plain(metric)));
  if (by !== "") layout.legend.title = { text: plain(by) };
  plot("curves-chart", curveTraces(groups, metric), layout, `${metric} by ${curveAxis()}, for each ${by || "run"}`);
  const more = all.length > groups.length ? ` The first ${groups.length} of ${all.length}.` : "";
  const dotted = inTraining(groups, metric) ? ` Dotted: ${inTraining(groups, metric)} in training.` : "";
  byId("curves-note").textContent = by === ""
    ? `A line is a run.${dotted}${more}`
    : `Lines are medians of runs alike in ${by}; bands hold those still training, of more than ${MOST_IN_BAND} the middle eight of ten.${dotted}${more}`;
  return undefined;
}

function drawMetric() {
  const [metric, by] = [byId("metric-metric").value, byId("metric-setting").value];
  if (!metric || !by || !table.shown.length) return noPlot("metric-chart", "Nothing to show.");
  const [column, values] = [runs.columns.get(by), runs.columns.get(metric).numbers];
  const measured = table.shown.filter((run) => values[run] !== null);
  if (!measured.length) return noPlot("metric-chart", `None of these runs has ${metric}.`);
  const groups = groupsBy(by, measured);
  const yaxis = { title: { text: plain(metric) }, type: byId("metric-log-y").checked ? "log" : "linear" };
  const hover = (members) => members.map((run) => `run ${run}`);
  if (groups.length > MOST_BOXES && isNumeric(column)) {
    const x = measured.map((run) => column.numbers[run]);
    const xaxis = { title: { text: plain(by) }, type: wantsLog(x) ? "log" : "linear" };
    const marker = { color: palette()[0], opacity: 0.6, size: 6 };
    const dots = { x, y: measured.map((run) => values[run]), text: hover(measured), mode: "markers", marker };
    plot("metric-chart", [dots], layoutOf(xaxis, yaxis), `${metric} by ${by}`);
    byId("metric-note").textContent = "A dot is a run.";
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
  byId("metric-note").textContent = `Boxes: middle half and median; whiskers: 1.5 times that height at most. A dot is a run.${more}`;
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
  byId("heat-note").textContent = `Mean ${metric} of the runs in each cell${logarithmic ? "; colours by its logarithm" : ""}.`;
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

function printCharts(starts) {
  printing = starts;
  for (const id of Object.keys(CHARTS)) inView.add(id);
  redrawCharts();
}
