// Parallel coordinates: an upright axis for each setting and one for the metric, a line for each run.
// Drawn as SVG of the page's own, whose lines can be pointed at one by one; brushes.js narrows them.

const MOST_DIMENSIONS = 8;
const MOST_LINES = 1000;
const MOST_TICKS = 9;
const NONE = -0.12;
const AXIS = { top: 42, height: 300, gap: 130, narrow: 64, letter: 7, longest: 24 };
const SHADES = 9; // of the metric, in page.css

// Where an axis has its ticks, and where each run is on it, from 0 to 1, or below where it has no value.
function dimensionOf(name, members) {
  const column = runs.columns.get(name);
  if (!isNumeric(column)) return levelDimension(column, members);
  const known = members.map((run) => column.numbers[run]);
  const exact = [...new Set(known)].filter((value) => value !== null).sort((a, b) => a - b);
  const logarithmic = wantsLog(exact) && name !== "seed";
  const height = logarithmic ? Math.log10 : (value) => value;
  const [low, high] = [height(exact[0]), height(exact[exact.length - 1])];
  const place = (value) => (high === low ? 0.5 : (height(value) - low) / (high - low));
  const ticks = exact.length <= MOST_TICKS ? exact : between(exact, logarithmic);
  return {
    values: known,
    places: known.map((value) => (value === null ? NONE : place(value))),
    ticks: [
      ...(known.includes(null) ? [[NONE, "none"]] : []),
      ...apart(ticks.map((value) => [place(value), numberText(column, value)])),
    ],
  };
}

function levelDimension(column, members) {
  const ranks = levelRanks(column);
  const used = [...new Set(members.map((run) => ranks[column.codes[run]]))].sort((a, b) => a - b);
  const place = new Map(used.map((rank, at) => [rank, used.length > 1 ? at / (used.length - 1) : 0.5]));
  const names = [];
  ranks.forEach((rank, code) => { names[rank] = labelOf(column.levels[code]); });
  return {
    values: members.map((run) => column.levels[column.codes[run]]),
    places: members.map((run) => place.get(ranks[column.codes[run]])),
    ticks: apart(used.map((rank) => [place.get(rank), names[rank]])),
  };
}

// Five numbers from the first to the last, evenly apart on the axis, short ones between them.
function between(exact, logarithmic) {
  const [low, high] = [exact[0], exact[exact.length - 1]];
  const whole = exact.every(Number.isInteger) && high - low > 8;
  const inner = [0.25, 0.5, 0.75].map((share) => {
    const value = Number((logarithmic ? low * (high / low) ** share : low + share * (high - low)).toPrecision(2));
    return whole ? Math.round(value) : value;
  });
  return [low, ...inner, high];
}

// Those ticks that do not stand on each other; the last one always.
function apart(ticks) {
  const kept = ticks.slice(-1);
  for (const tick of ticks.slice(0, -1).reverse()) {
    if (kept[0][0] - tick[0] >= 1 / (2 * MOST_TICKS)) kept.unshift(tick);
  }
  return kept;
}

const heightOf = (place) => AXIS.top + AXIS.height * (1 - place);
const cut = (text, most) => (text.length > most ? `${text.slice(0, most - 1)}…` : text);
const shadeOf = (place) => Math.min(SHADES - 1, Math.floor(place * SHADES));

function svg(tag, attributes = {}, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

// Where the axes stand: the first one's labels and title have room to its left, the last one's to its right.
function axisPlaces(names, dimensions) {
  const most = byId("parallel").clientWidth < 600 ? AXIS.longest / 2 : AXIS.longest;
  const longest = ({ ticks }) => Math.min(most, Math.max(...ticks.map(([, text]) => text.length)));
  const last = dimensions.length - 1;
  const before = Math.max(longest(dimensions[0]), titleOf(names[0]).length / 2) * AXIS.letter + 12;
  const after = Math.max(longest(dimensions[last]), titleOf(names[last]).length / 2) * AXIS.letter + 22;
  const room = byId("parallel").clientWidth - 2;
  // On a phone axes stand closer; where that does not do, the chart scrolls, and its note says so.
  const gap = room < 600 ? AXIS.narrow : AXIS.gap;
  const width = Math.max(room, before + after + gap * last);
  return { width, xs: names.map((_, at) => before + (at * (width - before - after)) / last) };
}

// A name as an axis has room for it: without what comes before its last point where it is long.
const titleOf = (name) => cut(name.length > 18 ? name.slice(name.lastIndexOf(".") + 1) : name, 18);

// raised: whether its title stands above those of its neighbours, which it would run into.
function drawAxis(name, dimension, x, room, { isLast, raised }) {
  const most = Math.min(AXIS.longest, Math.floor(room / AXIS.letter));
  const ground = ([place, text]) => { // so that lines do not run through what is to be read
    const width = Math.min(most, text.length) * AXIS.letter + 4;
    return svg("rect", { x: x + (isLast ? 14 : -4 - width), y: heightOf(place) - 8, width, height: 16, class: "ground" });
  };
  const labels = dimension.ticks.map(([place, text]) =>
    svg(
      "text",
      { x: x + (isLast ? 16 : -6), y: heightOf(place) + 4, "text-anchor": isLast ? "start" : "end" },
      cut(text, most),
      svg("title", {}, text),
    ),
  );
  const title = svg("text", { x, y: raised ? 10 : 26, "text-anchor": "middle", class: "axis" }, titleOf(name), svg("title", {}, name));
  const line = svg("line", { x1: x, x2: x, y1: heightOf(0), y2: heightOf(1) });
  return svg("g", {}, line, title, ...dimension.ticks.map(ground), ...labels);
}

// The metric's axis carries the colours of the lines that end there.
function colourBar(x) {
  const height = AXIS.height / SHADES;
  return Array.from({ length: SHADES }, (_, shade) =>
    svg("rect", { x: x + 1, y: heightOf(0) - (shade + 1) * height, width: 9, height, class: `bar shade-${shade}` }),
  );
}

function drawLine(run, member, names, dimensions, xs) {
  const points = xs.map((x, at) => `${x.toFixed(1)} ${heightOf(dimensions[at].places[member]).toFixed(1)}`);
  const shade = shadeOf(dimensions[dimensions.length - 1].places[member]);
  const values = names.map((name) => `${name} ${textOf(runs.columns.get(name), run) || "none"}`);
  const title = svg("title", {}, [`run ${nameOf(run)}`, ...values].join("\n"));
  const line = svg("path", { d: `M${points.join("L")}`, class: `line shade-${shade}`, "data-run": run }, title);
  line.addEventListener("click", () => { location.hash = `run-${run}`; });
  return line;
}

function drawParallel() {
  const metric = byId("parallel-metric").value;
  const place = byId("parallel-chart");
  const settings = parallelSettings();
  const measured = metric ? table.shown.filter((run) => runs.columns.get(metric).numbers[run] !== null) : [];
  if (runs.count < 2 || !measured.length) {
    return noPlot("parallel-chart", metric && runs.count > 1 ? `None of these runs has ${metric}.` : "Takes several runs.");
  }
  const share = MOST_LINES / measured.length;
  // Golden section steps: every tenth, say, of a grid of settings would leave some of them out.
  const members = measured.filter((_, at) => (at * 0.6180339887) % 1 < share);
  const names = [...settings, metric];
  const dimensions = names.map((name) => dimensionOf(name, members));
  const { width, xs } = axisPlaces(names, dimensions);
  const room = names.length > 1 ? xs[1] - xs[0] - 24 : width;
  const lines = members.map((run, member) => drawLine(run, member, names, dimensions, xs));
  const last = names.length - 1;
  const rooms = names.map((_, at) => (at === 0 ? xs[0] : at === last ? width - xs[last] - 16 : room));
  const close = room < AXIS.gap - 24;
  const axes = names.map((name, at) =>
    drawAxis(name, dimensions[at], xs[at], rooms[at], { isLast: at === last, raised: close && at % 2 === 1 }));
  const height = heightOf(NONE) + 16;
  const drawing = svg(
    "svg",
    { width, height, viewBox: `0 0 ${width} ${height}`, class: `parallel${members.length > 200 ? " many" : ""}` },
    svg("g", { class: "lines" }, ...lines), ...axes, ...colourBar(xs[names.length - 1]),
  );
  place.classList.remove("none");
  place.replaceChildren(drawing);
  addBrushes(drawing, { names, dimensions, xs, lines, members, measured: measured.length });
  return undefined;
}

// The settings that have several values among the runs shown, the most telling first.
function parallelSettings() {
  const varies = (name) => {
    const column = runs.columns.get(name);
    return table.shown.some((run) => valueOf(column, run) !== valueOf(column, table.shown[0]));
  };
  return (content.telling.length > 1 ? content.telling : choosable()).filter(varies).slice(0, MOST_DIMENSIONS);
}
