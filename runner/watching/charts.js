// Curves as SVG: small ones for the list, and those of a run with their axes.

const SVG = "http://www.w3.org/2000/svg";
const [WIDTH, HEIGHT] = [420, 200];
const ROOM = { left: 60, right: 10, top: 10, bottom: 24 };
const DASHES = { "": "", val_: "6 3", test_: "2 3" };
const TOLD = { "": "training", val_: "validation", test_: "test" };

const isShare = (name) => name.endsWith("accuracy");
const number = (value) => (value !== 0 && (Math.abs(value) >= 1e5 || Math.abs(value) < 1e-3)
  ? value.toExponential(1) : String(Number(value.toPrecision(4))));
const valueText = (name, value) => (isShare(name) ? `${Number((100 * value).toPrecision(5))} %` : number(value));
const counted = (count, noun) => `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;

function drawing(tag, attributes, text = "") {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.textContent = text;
  return made;
}

function spark(values) {
  const known = values.filter((value) => value !== null);
  const [low, high] = [Math.min(...known), Math.max(...known)];
  const points = values.map((value, place) => (value === null ? "" :
    `${(2 + (96 * place) / Math.max(1, values.length - 1)).toFixed(1)},${(20 - (18 * (value - low)) / (high - low || 1)).toFixed(1)}`));
  const made = drawing("svg", { class: "spark", viewBox: "0 0 100 22", preserveAspectRatio: "none", "aria-hidden": "true" });
  made.append(drawing("polyline", { class: "line", points: points.join(" "), stroke: palette()[0] }));
  return made;
}

// How values lie between two ends; logarithms where they differ by much and none is 0.
function axis(values, logged) {
  const known = values.filter((value) => value !== null);
  let [low, high] = [Math.min(...known), Math.max(...known)];
  const scale = logged && low > 0 && high > 20 * low ? Math.log10 : (x) => x;
  if (low === high) [low, high] = [low - (Math.abs(low) || 1) / 10, high + (Math.abs(high) || 1) / 10];
  const share = (value) => (scale(value) - scale(low)) / (scale(high) - scale(low));
  const between = scale === Math.log10 ? Math.sqrt(low * high) : (low + high) / 2;
  return { share, marks: [low, between, high] };
}

// lines: [{ label, dash, colour, values }]; dots: whether each value stands by itself.
function chart(name, below, xs, lines, dots) {
  const long = !dots && xs.at(-1) > 1000;
  const across = axis(long ? xs.map((x) => Math.log1p(x)) : xs, false);
  const up = axis(lines.flatMap((line) => line.values), !isShare(name));
  const x = (value) => ROOM.left + (WIDTH - ROOM.left - ROOM.right) * across.share(long ? Math.log1p(value) : value);
  const y = (value) => HEIGHT - ROOM.bottom - (HEIGHT - ROOM.top - ROOM.bottom) * up.share(value);
  const made = drawing("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": `${name} against ${below}` });
  for (const mark of up.marks) {
    made.append(drawing("line", { class: "axis", x1: ROOM.left, x2: WIDTH - ROOM.right, y1: y(mark), y2: y(mark) }));
    made.append(drawing("text", { x: ROOM.left - 6, y: y(mark) + 4, "text-anchor": "end" }, isShare(name) ? `${Number((100 * mark).toPrecision(4))} %` : mark >= 1e-3 || mark === 0 ? String(Number(mark.toPrecision(3))) : number(mark)));
  }
  made.append(drawing("text", { x: ROOM.left, y: HEIGHT - 6 }, xs[0].toLocaleString("en")));
  made.append(drawing("text", { x: WIDTH - ROOM.right, y: HEIGHT - 6, "text-anchor": "end" }, `${below} ${xs.at(-1).toLocaleString("en")}`));
  for (const { dash, colour, values } of lines) {
    const points = values.flatMap((value, place) => (value === null ? [] : [[x(xs[place]).toFixed(1), y(value).toFixed(1)]]));
    if (dots) made.append(...points.map(([cx, cy]) => drawing("circle", { cx, cy, r: 2.5, fill: colour })));
    else made.append(drawing("polyline", { class: "line", points: points.map((p) => p.join(",")).join(" "), stroke: colour, "stroke-dasharray": dash }));
  }
  const title = element("figcaption", {}, element("strong", {}, name.replaceAll("_", " ")));
  for (const { label, colour, values } of lines) {
    const last = values.findLast((value) => value !== null);
    const shown = element("span", {}, `  ${label}${last === undefined || dots ? "" : ` ${valueText(name, last)}`}`);
    shown.style.color = colour; // by the object model, which the page's policy allows
    if (label) title.append(shown);
  }
  return element("figure", {}, title, made);
}

// One chart for each metric, with a line for each part of the data.
function metricCharts({ step: steps, ...metrics }, first) {
  if (!steps?.length) return [];
  const plain = [...new Set(Object.keys(metrics).map((name) => name.replace(/^(val|test)_/, "")))];
  const wanted = first.replace(/^(val|test)_/, "");
  plain.sort((one, other) => (other === wanted) - (one === wanted));
  return plain.slice(0, 6).flatMap((name) => {
    const lines = Object.entries(DASHES).flatMap(([prefix, dash], place) => {
      const values = metrics[prefix + name];
      return values?.some((value) => value !== null) ? [{ label: TOLD[prefix], dash, colour: palette()[place], values }] : [];
    });
    return lines.length ? [chart(name, "step", steps, lines, false)] : [];
  });
}
