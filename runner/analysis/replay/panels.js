// What is beside the network: the moment in words, the plane, samples, layers, first weights.

const { samples, plane, fit } = content;

// The moment in words and numbers.
function wordsOf(moment) {
  const epoch = content.epochs[moment];
  const step = content.steps[moment];
  const at = step === 0 ? "Before the first step" : `After ${counted(step, "step")}${epoch !== step ? ` (${epoch === 0 ? "in the first epoch" : counted(epoch, "epoch")})` : ""}`;
  const each = content.each;
  const told = content.parts.map(({ prefix, name, rows }) => {
    const right = valuesOf(prefix, "accuracy")?.[moment];
    const of = each === "sample" ? `${name} samples` : `steps of ${name} sequences`;
    if (right !== null && right !== undefined) return `${whole(Math.round(right * rows))} of ${whole(rows)} ${of} right`;
    return `mean absolute error on ${of} ${short(valuesOf(prefix, "mae")?.[moment] ?? null)}`;
  });
  return `${at}: ${told.join(", ")}.${ofResult(moment)}`;
}

// The page opens at the end, where the numbers are not those that the run told if earlier weights were restored.
function ofResult(moment) {
  if (moment === restored) return " The run's result: these weights were restored.";
  if (restored === null || moment < restored) return "";
  return ` The run's result is not this: the weights of epoch ${whole(content.epochs[restored])} (step ${whole(content.steps[restored])}) were restored.`;
}

function drawNow(moment) {
  byId("words").textContent = wordsOf(moment);
  for (const cell of byId("metrics").querySelectorAll("td")) {
    const values = valuesOf(cell.dataset.prefix, cell.dataset.name);
    cell.textContent = values ? valueText(cell.dataset.name, values[moment]) : "";
  }
}

function connectNow() {
  const head = element("tr", {}, element("th", { scope: "col" }), ...content.parts.map(({ name }) => element("th", { scope: "col" }, name)));
  const rows = baseNames.filter((name) => name !== "mean_accuracy").map((name) => element("tr", {},
    element("th", { scope: "row" }, named(name)),
    ...content.parts.map(({ prefix }) => element("td", { "data-prefix": prefix, "data-name": name }))));
  byId("metrics").append(element("thead", {}, head), element("tbody", {}, ...rows));
  addPanel(byId("now"), drawNow);
}

function show(section, title) {
  byId(section).hidden = false;
  byId(section).querySelector("h2").textContent = title;
  return byId(section).querySelector("canvas");
}

// The plane of two inputs, in the colours of what the network says, and training samples.
let planeCanvas;
const PLANE = { left: 34, bottom: 30, top: 4, right: 4 };
const planeSide = () => Math.min(planeCanvas.parentElement.clientWidth, 420);
function frameOf() {
  const width = planeSide();
  return { width, height: width * 0.92, box: [PLANE.left, PLANE.top, width - PLANE.left - PLANE.right, width * 0.92 - PLANE.top - PLANE.bottom] };
}
const within = ([x, y], [left, top, width, height], source) => [
  left + (width * (x - source.x[0])) / (source.x[1] - source.x[0]),
  top + height - (height * (y - source.y[0])) / (source.y[1] - source.y[0]),
];

function regionImage(moment) {
  const [, rows, columns] = plane.regions.shape;
  const image = new ImageData(columns, rows);
  const pixels = new Uint32Array(image.data.buffer);
  const [labels, sure] = [part(plane.regions, moment), part(plane.heights, moment)];
  const classes = palette().map(rgbOf);
  const { paper } = ends();
  for (let place = 0; place < pixels.length; place++) {
    pixels[place] = rgba(mixed(paper, classes[labels[place] % classes.length], (0.65 * sure[place]) / 255));
  }
  return image;
}

const sided = () => plane.wrong && !plane.regions; // whether a sample is on one of two sides
function pointColour(value) {
  if (plane.regions) return palette()[value % palette().length];
  if (sided()) return palette()[value > 0.5 ? 1 : 0];
  const { low, high } = plane.heights;
  const level = Math.round((255 * (value - low)) / (high - low || 1));
  return css(scales.signed[Math.max(0, Math.min(255, level))]);
}

// A sample is a dot, of two sides those above 0.5 squares; one that is wrong is a cross.
function drawPoint(pen, [x, y], radius, value, wrong) {
  const [side, arm, colour, paper] = [0.88 * radius, radius + 0.8, pointColour(value), css(ends().paper)];
  pen.beginPath();
  if (wrong) {
    for (const way of [1, -1]) {
      pen.moveTo(x - arm, y - way * arm);
      pen.lineTo(x + arm, y + way * arm);
    }
    for (const [wide, own] of [[0.8 * radius + 2, paper], [0.8 * radius, colour]]) {
      [pen.lineWidth, pen.strokeStyle] = [wide, own];
      pen.stroke();
    }
    return;
  }
  if (sided() && value > 0.5) pen.rect(x - side, y - side, 2 * side, 2 * side);
  else pen.arc(x, y, radius, 0, 2 * Math.PI);
  [pen.fillStyle, pen.lineWidth, pen.strokeStyle] = [colour, 1, paper];
  pen.fill();
  pen.stroke();
}

function axesOf(pen, { box: [left, top, width, height] }, source, names) {
  pen.strokeStyle = css(mixed(ends().paper, ends().ink, 0.35));
  pen.lineWidth = 1;
  pen.strokeRect(left, top, width, height);
  pen.fillStyle = css(mixed(ends().paper, ends().ink, 0.65));
  pen.font = "12px system-ui, sans-serif";
  pen.textBaseline = "top";
  const [bottom, middle] = [top + height + 5, left + width / 2];
  for (const [text, x, align] of [[short(source.x[0], 2), left, "left"], [cut(names[0], 20), middle, "center"], [short(source.x[1], 2), left + width, "right"]]) {
    pen.textAlign = align;
    pen.fillText(text, x, bottom);
  }
  pen.save();
  pen.rotate(-Math.PI / 2);
  for (const [text, y, align] of [[short(source.y[0], 2), top + height, "left"], [cut(names[1], 20), top + height / 2, "center"], [short(source.y[1], 2), top, "right"]]) {
    pen.textAlign = align;
    pen.fillText(text, -y, left - 18);
  }
  pen.restore();
}

function drawPlane(moment) {
  const frame = frameOf();
  const pen = penFor(planeCanvas, frame.width, frame.height);
  const [, rows, columns] = plane.heights.shape;
  if (plane.regions) stamp(pen, regionImage(moment), frame.box, false);
  else drawImage(pen, part(plane.heights, moment), [rows, columns], frame.box, sided() ? "pale" : "signed", true);
  const wrong = plane.wrong && part(plane.wrong, moment);
  const radius = plane.points.length > 150 ? 2.6 : plane.points.length > 40 ? 3.5 : 6;
  for (const crossed of [false, true]) { // the wrong ones above all
    plane.points.forEach((point, place) => {
      const is = Boolean(wrong?.[place]);
      if (is === crossed) drawPoint(pen, within(point, frame.box, plane), radius, plane.values[place], is);
    });
  }
  axesOf(pen, frame, plane, plane.names);
}

function planeHint(x, y) {
  const { box: [left, top, width, height] } = frameOf();
  const [, rows, columns] = plane.heights.shape;
  const [column, row] = [Math.floor(((x - left) / width) * columns), Math.floor(((y - top) / height) * rows)];
  if (column < 0 || row < 0 || column >= columns || row >= rows) return "";
  const level = part(plane.heights, now.moment)[row * columns + column];
  const at = [0, 1].map((axis) => short([plane.x[0] + ((plane.x[1] - plane.x[0]) * (column + 0.5)) / columns, plane.y[1] - ((plane.y[1] - plane.y[0]) * (row + 0.5)) / rows][axis], 2)).join(", ");
  const value = short(valueAt(plane.heights, level), 2);
  if (!plane.regions) return `(${at}): ${value}`;
  return `(${at}): ${content.classes[part(plane.regions, now.moment)[row * columns + column]]}, ${value}`;
}

function planeLegend() {
  const few = plane.points.length < plane.total ? `the first ${plane.points.length} of ${whole(plane.total)}` : `all ${whole(plane.total)}`;
  const marked = plane.wrong ? ", crosses those that are wrong" : "";
  const { low, high } = plane.heights;
  const key = plane.regions
    ? content.classes.slice(0, 8).flatMap((name, place) => {
      const dot = element("i", {});
      dot.style.cssText = `background: ${palette()[place]}; width: 0.7em; height: 0.7em; border-radius: 50%`;
      return [dot, cut(name, 14)];
    })
    : colourBar(...(content.classes?.length === 2 ? content.classes.map((name) => cut(name, 14)) : [short(low, 2), short(high, 2)]), sided() ? "pale" : "signed");
  return [...key, `. ${sided() ? "Circles and squares" : "Dots"}: training samples, ${few}${marked}.`];
}

// A number over the one input, and the training samples.
function drawFit(moment) {
  const frame = frameOf();
  const pen = penFor(planeCanvas, frame.width, frame.height);
  const line = part(fit.line, moment);
  const scatter = css(rgbOf(palette()[1]), 0.55);
  for (const point of fit.points) {
    const [x, y] = within(point, frame.box, fit.frame);
    pen.fillStyle = scatter;
    pen.beginPath();
    pen.arc(x, y, 2.5, 0, 2 * Math.PI);
    pen.fill();
  }
  pen.save();
  pen.beginPath();
  pen.rect(...frame.box);
  pen.clip();
  pen.strokeStyle = palette()[0];
  pen.lineWidth = 2.5;
  pen.beginPath();
  fit.x.forEach((x, place) => pen.lineTo(...within([x, line[place]], frame.box, fit.frame)));
  pen.stroke();
  pen.restore();
  axesOf(pen, frame, fit.frame, fit.names);
}

function connectPlane() {
  if (plane) {
    planeCanvas = show("plane", "What it says of every input");
    planeCanvas.setAttribute("aria-label", "The network's output over the plane of its inputs, with training samples");
    legend("plane", planeLegend);
    hintOver(planeCanvas, planeHint);
    addPanel(byId("plane"), drawPlane);
  } else if (fit) {
    const heights = fit.points.map(([, y]) => y);
    const margin = 0.15 * (Math.max(...heights) - Math.min(...heights) || 1);
    fit.frame = { x: [fit.x[0], fit.x.at(-1)], y: [Math.min(...heights) - margin, Math.max(...heights) + margin] };
    planeCanvas = show("plane", "Output over the input");
    planeCanvas.setAttribute("aria-label", "The network's output as a line, and training samples as dots");
    legend("plane", () => [`Line: output. Dots: training samples${fit.points.length < fit.total ? `, the first ${fit.points.length} of ${whole(fit.total)}` : ""}.`]);
    addPanel(byId("plane"), drawFit);
  }
}

// The weights into the first layer as images.
const FIRST = { gap: 4, side: 52 };
function drawFirst(moment) {
  const canvas = byId("first").querySelector("canvas");
  const width = canvas.parentElement.clientWidth;
  const [, units, rows, columns] = first.images.shape;
  const side = Math.min(FIRST.side, width / 4 - FIRST.gap);
  const tall = (side * rows) / columns;
  const row = Math.max(1, Math.floor((width + FIRST.gap) / (side + FIRST.gap)));
  const pen = penFor(canvas, width, Math.ceil(units / row) * (tall + FIRST.gap));
  for (let unit = 0; unit < units; unit++) {
    const box = [(unit % row) * (side + FIRST.gap), Math.floor(unit / row) * (tall + FIRST.gap), side, tall];
    drawImage(pen, part(first.images, moment, unit), [rows, columns], box);
  }
}

function connectFirst() {
  if (!first) return;
  const canvas = show("first", first.dense ? "Weights of the first layer" : "Filters of the first layer");
  canvas.setAttribute("aria-label", "Weights into the first layer as images");
  const some = first.units.length < first.count ? `${first.units.length} of ${first.count} ${first.each}s` : `one for each ${first.each}`;
  legend("first", () => [
    ...(first.images.shape.length === 5 && first.images.shape[4] === 3
      ? ["In colour: each channel's weight, grey is 0"] : colourBar(short(first.images.low, 2), short(first.images.high, 2))),
    `. ${some[0].toUpperCase()}${some.slice(1)}${first.mean ? ", the mean over its channels" : ""}.`,
  ]);
  addPanel(byId("first"), drawFirst);
}
