// Ranges of the axes of parallel coordinates: dragged along an axis, they keep the lines that pass.

const BRUSH = { width: 28, least: 4, steps: 20 };
const brushes = new Map(); // by the axis's place, [low, high] on it, from 0 to 1
let brushed; // what is drawn: { names, dimensions, xs, lines, members, measured }

// Where other runs are drawn, or another metric, axes are others.
const forgetBrushes = () => brushes.clear();

function addBrushes(drawing, drawn) {
  brushed = drawn;
  drawn.names.forEach((name, at) => drawing.append(brushOf(name, at)));
  showBrushes();
}

function brushOf(name, at) {
  const x = brushed.xs[at] - BRUSH.width / 2;
  const [top, bottom] = [heightOf(1) - 8, heightOf(NONE) + 8];
  const band = svg("rect", { x: x + 7, width: BRUSH.width - 14, class: "band", "data-axis": at, visibility: "hidden" });
  const area = svg("rect", {
    x, y: top, width: BRUSH.width, height: bottom - top, class: "area", tabindex: 0, role: "slider",
    "aria-orientation": "vertical", "aria-label": `range of ${name}`, "aria-valuemin": 0, "aria-valuemax": 1,
    "aria-valuenow": 1, "aria-valuetext": "all",
  });
  let from = null;
  const placeOf = (event) => 1 - (event.clientY - area.ownerSVGElement.getBoundingClientRect().top - AXIS.top) / AXIS.height;
  area.addEventListener("pointerdown", (event) => {
    from = placeOf(event);
    area.setPointerCapture(event.pointerId);
  });
  area.addEventListener("pointermove", (event) => {
    if (from === null) return;
    const to = placeOf(event);
    if (Math.abs(to - from) * AXIS.height >= BRUSH.least) brush(at, Math.min(from, to), Math.max(from, to));
  });
  area.addEventListener("pointerup", (event) => {
    if (Math.abs(placeOf(event) - from) * AXIS.height < BRUSH.least) brush(at); // a click
    from = null;
  });
  area.addEventListener("pointercancel", () => { from = null; });
  area.addEventListener("keydown", (event) => moveBrush(at, event));
  return svg("g", {}, band, area);
}

// Keeps a range of an axis, or all of it.
function brush(at, low, high) {
  if (low === undefined) brushes.delete(at);
  else brushes.set(at, [low, high]);
  showBrushes();
}

// The places on an axis where an end of a range can be put by keys: those of its values, if few.
function stopsOf(at) {
  const places = [...new Set(brushed.dimensions[at].places)].sort((a, b) => a - b);
  if (places.length <= BRUSH.steps) return places;
  return Array.from({ length: BRUSH.steps + 1 }, (_, step) => step / BRUSH.steps);
}

// Arrow keys narrow the range, up from below and down from above; with Shift they widen it again.
function moveBrush(at, event) {
  if (event.key === "Escape") brush(at);
  if (!["ArrowUp", "ArrowDown"].includes(event.key)) return;
  event.preventDefault();
  const stops = stopsOf(at);
  const [low, high] = brushes.get(at) ?? [stops[0], stops[stops.length - 1]];
  let [first, last] = [stops.findIndex((stop) => stop >= low), stops.findLastIndex((stop) => stop <= high)];
  if (event.key === "ArrowUp" && !event.shiftKey) first = Math.min(first + 1, last);
  if (event.key === "ArrowDown" && !event.shiftKey) last = Math.max(last - 1, first);
  if (event.key === "ArrowUp" && event.shiftKey) last = Math.min(last + 1, stops.length - 1);
  if (event.key === "ArrowDown" && event.shiftKey) first = Math.max(first - 1, 0);
  if (first === 0 && last === stops.length - 1) brush(at);
  else brush(at, stops[first], stops[last]);
}

// Whether a line passes through all ranges.
const passes = (member) =>
  [...brushes].every(([at, [low, high]]) => {
    const place = brushed.dimensions[at].places[member];
    return low - 1e-9 <= place && place <= high + 1e-9;
  });

function showBrushes() {
  let kept = 0;
  brushed.lines.forEach((line, member) => {
    const passing = passes(member);
    kept += passing;
    line.classList.toggle("out", !passing);
  });
  for (const band of byId("parallel-chart").querySelectorAll(".band")) {
    const range = brushes.get(Number(band.dataset.axis));
    band.setAttribute("visibility", range ? "visible" : "hidden");
    band.nextSibling.setAttribute("aria-valuetext", range ? "a part" : "all");
    if (!range) continue;
    band.setAttribute("y", heightOf(range[1]) - 3);
    band.setAttribute("height", heightOf(range[0]) - heightOf(range[1]) + 6);
  }
  const [drawn, metric] = [brushed.lines.length, brushed.names[brushed.names.length - 1]];
  const some = drawn < brushed.measured ? ` Shown are ${drawn} of ${brushed.measured} runs.` : "";
  const chart = byId("parallel-chart");
  const more = chart.scrollWidth > chart.clientWidth + 1 ? " The chart is wider than the screen: scroll it sideways." : "";
  byId("parallel-keep").hidden = !brushes.size || !kept;
  byId("parallel-note").textContent = brushes.size
    ? `${kept} of ${drawn} runs pass the ranges. Click an axis, or Esc on it, to have all of it again.${more}`
    : `A line is a run, the lighter the higher its ${metric}; a click opens it.${some} ` +
      "Drag along an axis, or use its arrow keys, to keep a range of it." + more + toldOfEarly(brushed.members);
}

// The ranges as terms that are added to the filter of the whole page.
function filterByBrushes() {
  const terms = [...brushes.keys()].flatMap((at) => {
    const name = brushed.names[at];
    const passing = brushed.dimensions[at].values.filter((_, member) => passes(member));
    const known = passing.filter((value) => value !== null && value !== "").sort(compareValues);
    if (!known.length) return passing.includes("") ? [`${name}=""`] : [];
    const [low, high] = [known[0], known[known.length - 1]];
    return low === high ? [`${name}=${quoted(low)}`] : [`${name}>=${quoted(low)}`, `${name}<=${quoted(high)}`];
  });
  const field = byId("filter");
  field.value = [field.value.trim(), ...terms].filter(Boolean).join(" ");
  applyFilter();
}
