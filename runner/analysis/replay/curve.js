// The learning curve: metrics at the moments, against steps on a logarithmic axis.

const SIDES = { left: 52, right: 12, top: 12, bottom: 24 };
const HEIGHT = 230;
const SVG = "http://www.w3.org/2000/svg";
const DASHED = { "": "", val_: "6 3", test_: "2 3" };
const COLOUR_OF = Object.fromEntries(content.parts.map(({ prefix }, place) => [prefix, place])); // of the palette
const curve = { width: 0, logged: false, low: 0, high: 1 };

const baseNames = [...new Set(Object.keys(content.metrics).map((name) => name.replace(/^(val|test)_/, "")))];
const isShare = (name) => name.endsWith("accuracy");
const named = (name) => ({ mae: "mean absolute error", mean_accuracy: "1 − mean absolute error", r2: "R²", rmse: "RMSE" })[name] ?? name.replaceAll("_", " ");
const valueText = (name, value) => (isShare(name) && value !== null ? `${Number((100 * value).toPrecision(4))} %` : short(value, 4));
const valuesOf = (prefix, name) => content.metrics[prefix + name];
const partsWith = (name) => content.parts.filter(({ prefix }) => valuesOf(prefix, name));

function svgElement(tag, attributes, text = "") {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.textContent = text;
  return made;
}

const lastStep = content.steps.at(-1);
const { restored } = content; // the moment that is the run's result, where that is not the last
const across = (step) => SIDES.left + ((curve.width - SIDES.left - SIDES.right) * Math.log1p(step)) / Math.log1p(Math.max(1, lastStep));
function down(value) {
  const scale = curve.logged ? Math.log10 : (x) => x;
  const share = (scale(value) - scale(curve.low)) / (scale(curve.high) - scale(curve.low) || 1);
  return HEIGHT - SIDES.bottom - share * (HEIGHT - SIDES.bottom - SIDES.top);
}

function chooseAxis(name) {
  const values = partsWith(name).flatMap(({ prefix }) => valuesOf(prefix, name)).filter((value) => value !== null);
  const [least, most] = [Math.min(...values), Math.max(...values)];
  curve.logged = least > 0 && most > 20 * least && !isShare(name);
  const margin = curve.logged ? 0 : 0.06 * (most - least) || 0.05;
  [curve.low, curve.high] = curve.logged ? [least / 1.2, most * 1.2] : [least - margin, most + margin];
  if (isShare(name)) curve.high = Math.min(curve.high, 1.02);
}

function ticks() {
  if (curve.logged) {
    const [first, last] = [Math.ceil(Math.log10(curve.low)), Math.floor(Math.log10(curve.high))];
    const every = Math.ceil((last - first + 1) / 5);
    const powers = [];
    for (let power = first; power <= last; power += every) powers.push(10 ** power);
    return powers;
  }
  const rough = (curve.high - curve.low) / 5;
  const unit = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].find((factor) => factor * unit >= rough) * unit;
  const found = [];
  for (let place = Math.ceil(curve.low / step); place * step <= curve.high; place++) found.push(place * step);
  return found;
}

const RAISED = { "-": "⁻", 0: "⁰", 1: "¹", 2: "²", 3: "³", 4: "⁴", 5: "⁵", 6: "⁶", 7: "⁷", 8: "⁸", 9: "⁹" };
const raised = (value) => `10${[...String(Math.round(Math.log10(value)))].map((sign) => RAISED[sign]).join("")}`;
const power = (value) => (value >= 1e4 || (value > 0 && value < 1e-2) ? raised(value) : value >= 1 || value === 0 ? whole(value) : String(value));

const curvePlace = byId("curve").querySelector("svg");
function drawAxes(name) {
  chooseAxis(name);
  const right = curve.width - SIDES.right;
  const bottom = HEIGHT - SIDES.bottom;
  const made = [];
  for (const value of ticks()) {
    const y = down(value);
    made.push(svgElement("line", { class: "axis", x1: SIDES.left, x2: right, y1: y, y2: y }));
    const text = isShare(name) ? `${Number((100 * value).toPrecision(3))} %` : curve.logged ? power(value) : short(value);
    made.push(svgElement("text", { x: SIDES.left - 6, y: y + 4, "text-anchor": "end" }, text));
  }
  const steps = [0, 1];
  while (steps.at(-1) * 10 <= lastStep) steps.push(steps.at(-1) * 10);
  let before = -100;
  for (const step of steps) {
    const x = across(step);
    if (x - before < 38 || (step > 1 && x > right - 56)) continue;
    before = x;
    made.push(svgElement("line", { class: "axis", x1: x, x2: x, y1: bottom, y2: bottom + 4 }));
    made.push(svgElement("text", { x, y: bottom + 17, "text-anchor": "middle" }, power(step)));
  }
  made.push(svgElement("text", { x: right, y: bottom + 17, "text-anchor": "end" }, "steps"));
  for (const { prefix } of partsWith(name)) {
    const points = valuesOf(prefix, name).map((value, moment) => (value === null ? "" : `${across(content.steps[moment]).toFixed(1)},${down(value).toFixed(1)}`));
    made.push(svgElement("polyline", {
      class: "line", points: points.join(" "), stroke: palette()[COLOUR_OF[prefix]], "stroke-dasharray": DASHED[prefix],
    }));
  }
  if (restored !== null) {
    const x = across(content.steps[restored]);
    made.push(svgElement("line", { class: "restored", x1: x, x2: x, y1: SIDES.top, y2: bottom }));
  }
  curve.cursor = svgElement("line", { class: "cursor", y1: SIDES.top, y2: bottom });
  curve.dots = partsWith(name).map(({ prefix }) => svgElement("circle", { r: 4, fill: palette()[COLOUR_OF[prefix]] }));
  curvePlace.replaceChildren(...made, curve.cursor, ...curve.dots);
}

function drawCurve(moment) {
  const width = curvePlace.parentElement.clientWidth;
  const name = byId("metric").value;
  const key = `${width} ${name} ${isDark()}`;
  if (key !== curve.key) {
    [curve.key, curve.width] = [key, width];
    curvePlace.setAttribute("viewBox", `0 0 ${width} ${HEIGHT}`);
    drawAxes(name);
  }
  const x = across(content.steps[moment]);
  curve.cursor.setAttribute("x1", x);
  curve.cursor.setAttribute("x2", x);
  partsWith(name).forEach(({ prefix }, place) => {
    const value = valuesOf(prefix, name)[moment];
    curve.dots[place].setAttribute("visibility", value === null ? "hidden" : "visible");
    if (value === null) return;
    curve.dots[place].setAttribute("cx", x);
    curve.dots[place].setAttribute("cy", down(value));
  });
}

// The moment that is drawn nearest to a place on the axis.
function momentAt(x) {
  let best = 0;
  content.steps.forEach((step, moment) => {
    if (Math.abs(across(step) - x) < Math.abs(across(content.steps[best]) - x)) best = moment;
  });
  return best;
}

function sampleLine(look) {
  const line = svgElement("svg", { viewBox: "0 0 26 8", style: "display: inline; width: 26px; height: 8px" });
  line.append(svgElement("line", { x1: 0, x2: 26, y1: 4, y2: 4, ...look }));
  return line;
}

function connectCurve() {
  const first = baseNames.find((name) => name === "loss") ?? baseNames[0];
  byId("metric").append(...baseNames.map((name) => element("option", { value: name }, named(name))));
  byId("metric").value = first;
  byId("metric").addEventListener("change", everythingStale);
  const seek = (event) => {
    if (event.type === "pointermove" && !event.buttons) return;
    setPlaying(false);
    go(momentAt(event.clientX - curvePlace.getBoundingClientRect().left));
  };
  for (const type of ["pointerdown", "pointermove"]) curvePlace.addEventListener(type, seek);
  const told = (look, text) => [element("span", { class: "whole" }, sampleLine(look), ` ${text}`), "   "];
  legend("curve", () => [
    ...content.parts.map(({ prefix, name }) => told({
      stroke: palette()[COLOUR_OF[prefix]], "stroke-width": 2.5, "stroke-dasharray": DASHED[prefix],
    }, name)),
    ...(restored === null ? [] : [told({ class: "restored" }, `restored: epoch ${whole(content.epochs[restored])}`)]),
  ]);
  if (plane || fit) document.querySelector(".wide").append(byId("curve")); // beside it the plane
  addPanel(byId("curve"), drawCurve);
}
