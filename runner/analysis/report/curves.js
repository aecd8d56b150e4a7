// Learning curves: a colour for each combination of the keys that are chosen, a facet for each value of another.

const DASHES = ["solid", "dash", "dot"];
const MOST_GROUPS = 16;
const MOST_FACETS = 12;
const FACET = { width: 280, height: 250, most: 3 };
const FEW_COLOURS = 6; // more are divided into facets where they can be
const GRID = 50;
const MOST_IN_BAND = 20;

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

// A curve's value at a step, on a straight line in log step. A run that has ended keeps its last value: were it
// left out, the median would jump to that of those that go on, which are others.
function valueAt([steps, values], step) {
  if (step >= steps[steps.length - 1]) return values[values.length - 1];
  let after = steps.findIndex((known) => known >= step);
  if (steps[after] === step) return values[after];
  const [low, high] = [Math.log(steps[after - 1]), Math.log(steps[after])];
  const share = (Math.log(step) - low) / (high - low);
  return values[after - 1] + share * (values[after] - values[after - 1]);
}

// The value below which a share of the sorted numbers lies.
const quantile = (sorted, share) => sorted[Math.round(share * (sorted.length - 1))];

// Median of several curves and the band around it, on steps that are evenly spaced in log, from where all have
// begun: least and greatest of a few, the middle eight of ten of many.
function bandOf(curves) {
  if (curves.length === 1) return { steps: curves[0][0], middle: curves[0][1] };
  const first = Math.max(1e-9, ...curves.map(([steps]) => steps[0]));
  const last = Math.max(...curves.map(([steps]) => steps[steps.length - 1]));
  const grid = [];
  for (let i = 0; i <= GRID; i += 1) grid.push(first * (last / first) ** (i / GRID));
  grid[GRID] = last;
  const band = { steps: grid, middle: [], low: [], high: [] };
  for (const step of grid) {
    const values = curves.map((curve) => valueAt(curve, step));
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

// The traces of some groups. where: their axes; place: a group's colour; legend: whether it is named there.
function curveTraces(groups, metric, { where = {}, place = (_, at) => at, legend = () => true } = {}) {
  const traces = [];
  const training = inTraining(groups, metric);
  groups.forEach(([name, members], at) => {
    const curves = members.map((run) => curveOf(run, metric)).filter(Boolean);
    if (!curves.length) return;
    const shade = place(name, at);
    const colour = palette()[shade % palette().length];
    const band = bandOf(curves);
    const edge = { ...where, x: band.steps, mode: "lines", line: { width: 0 }, hoverinfo: "skip", showlegend: false };
    if (band.low) {
      const fill = { fill: "tonexty", fillcolor: transparent(colour, 0.18) };
      traces.push({ ...edge, y: band.low }, { ...edge, y: band.high, ...fill });
    }
    const dash = DASHES[Math.floor(shade / palette().length) % DASHES.length];
    const named = { name: plain(name), legendgroup: plain(name), showlegend: legend(name) };
    traces.push({ ...where, x: band.steps, y: band.middle, mode: "lines", ...named, line: { color: colour, dash } });
    const beside = training ? members.map((run) => curveOf(run, training)).filter(Boolean) : [];
    if (!beside.length) return;
    const { steps, middle } = bandOf(beside);
    const dotted = { line: { color: colour, dash: "dot", width: 1.3 }, showlegend: groups.length === 1 && legend(name) };
    traces.push({ ...where, x: steps, y: middle, mode: "lines", name: `${plain(name)} in training`, ...dotted });
  });
  return traces;
}

// What the curves have colours and facets for, at first: the groups that are compared.
const curvesBy = new Set();
function chooseCurveKeys() {
  const keys = content.conclusion.by.filter((name) => runs.columns.has(name));
  const many = groupsByAll(keys, runs.every).length > FEW_COLOURS;
  const facet = many && keys.length > 1 ? keys.find((name) => groupsBy(name, runs.every).length <= FACET.most ** 2) : "";
  const others = keys.filter((name) => name !== facet);
  curvesBy.clear();
  for (const name of others) curvesBy.add(name);
  fillSelect("curves-facet", [["", "none"], ...choosable().map((name) => [name, name])], facet ?? "");
  showCurveKeys();
}

function showCurveKeys() {
  const boxes = choosable().map((name) => {
    const box = element("input", { type: "checkbox", onchange: () => {
      if (box.checked) curvesBy.add(name);
      else curvesBy.delete(name);
      tellCurveKeys();
      redrawCharts("curves");
    } });
    box.checked = curvesBy.has(name);
    return element("label", {}, box, name);
  });
  byId("curves-key-choices").replaceChildren(...boxes);
  byId("curves-keys").hidden = !boxes.length;
  tellCurveKeys();
}

function tellCurveKeys() {
  byId("curves-keys").firstElementChild.textContent = `A colour for each ${curveKeys().map(shortName).join(", ") || "run"}`;
}

const curveKeys = () => choosable().filter((name) => curvesBy.has(name));

function curveGroups(keys, members) {
  return keys.length ? groupsByAll(keys, members) : members.map((run) => [`run ${nameOf(run)}`, [run]]);
}

// The axes of facets, in rows from the top, as many in one as there is room for.
function facetLayout(facets, xaxis, yaxis) {
  const columns = Math.max(1, Math.min(FACET.most, facets.length, Math.floor(byId("curves").clientWidth / FACET.width)));
  const rows = Math.ceil(facets.length / columns);
  const layout = layoutOf({}, {});
  const { xaxis: x, yaxis: y, ...rest } = layout;
  const height = Math.max(420, rows * FACET.height + 120);
  const [across, up] = [0.06, 70 / height];
  const [wide, high] = [(1 - across * (columns - 1)) / columns, (1 - up * rows) / rows];
  const found = { ...rest, height, annotations: [], legend: { ...rest.legend, y: -60 / height, yanchor: "top" } };
  facets.forEach(([label], at) => {
    const [column, row, number] = [at % columns, Math.floor(at / columns), at ? at + 1 : ""];
    const left = column * (wide + across);
    const top = 1 - row * (high + up) - up / 2;
    const ends = { matches: at ? "x" : undefined, anchor: `y${number}`, domain: [left, left + wide] };
    found[`xaxis${number}`] = { ...x, ...ends, ...(at + columns >= facets.length ? xaxis : { type: xaxis.type }) };
    const sides = { matches: at ? "y" : undefined, anchor: `x${number}`, domain: [top - high, top], showticklabels: !column };
    found[`yaxis${number}`] = { ...y, ...sides, ...(column ? { type: yaxis.type } : yaxis) };
    found.annotations.push({
      text: plain(label), x: left + wide / 2, y: top, xref: "paper", yref: "paper", yanchor: "bottom", showarrow: false,
    });
  });
  return found;
}

function drawCurves() {
  const [metric, facet] = [byId("curves-metric").value, byId("curves-facet").value];
  if (!metric || !table.shown.length) return noPlot("curves-chart", "No learning curves to show.");
  const keys = curveKeys().filter((name) => name !== facet);
  const whole = facet ? groupsByAll([facet], table.shown, true) : [["", table.shown]];
  const facets = whole.slice(0, MOST_FACETS);
  const all = facet && !keys.length ? [["runs", table.shown]] : curveGroups(keys, table.shown);
  const groups = all.slice(0, MOST_GROUPS);
  const places = new Map(groups.map(([name], at) => [name, at]));
  const axis = (id, title) => ({ title: { text: title }, type: byId(id).checked ? "log" : "linear" });
  const axes = [axis("curves-log-x", curveAxis()), axis("curves-log-y", plain(metric))];
  const layout = facet ? facetLayout(facets, ...axes) : layoutOf(...axes);
  if (keys.length) layout.legend.title = { text: plain(keys.map(shortName).join(", ")) };
  const named = new Set();
  const legend = (name) => !named.has(name) && Boolean(named.add(name));
  const traces = facets.flatMap(([, members], at) => {
    const here = facet && !keys.length ? [["runs", members]] : curveGroups(keys, members);
    const where = facet ? { xaxis: `x${at ? at + 1 : ""}`, yaxis: `y${at ? at + 1 : ""}` } : {};
    const drawn = here.filter(([name]) => places.has(name));
    return curveTraces(drawn, metric, { where, place: (name) => places.get(name), legend });
  });
  const each = [...keys, facet].filter(Boolean).join(", ");
  plot("curves-chart", traces, layout, `${metric} by ${curveAxis()}, for each ${each || "run"}`);
  tellCurves({ each, metric, groups, cut: [[groups, all, "colours"], [facets, whole, "facets"]] });
  return undefined;
}

function tellCurves({ each, metric, groups, cut }) {
  const more = cut.filter(([some, all]) => some.length < all.length)
    .map(([some, all, what]) => ` The first ${some.length} of ${all.length} ${what}.`).join("");
  const training = inTraining(groups, metric);
  const dotted = training ? ` Dotted: ${training} in training.` : "";
  byId("curves-note").textContent = each && runs.count > 1
    ? `A line is the median of the runs alike in ${each}, the band around it reaches from the lowest to the highest of them (of more than ${MOST_IN_BAND}: the middle eight of ten). A run that has ended counts on with its last value.${dotted}${more}`
    : `A line is a run.${dotted}${more}`;
}
