// The arrays of the page, colours for their numbers, and drawing on a canvas.

const moments = content.steps.length;
const arrays = new Map(); // by place in the text

// The way back of packing.py: what changed from moment to moment is added up.
function unpacked({ kind, at, shape }, bytes) {
  const size = shape.reduce((product, length) => product * length, 1);
  const each = size / shape[0];
  if (kind === "shades") {
    const levels = bytes.slice(at, at + size);
    for (let place = each; place < size; place++) levels[place] += levels[place - each];
    return levels;
  }
  const bits = new Uint32Array(size);
  for (let place = 0; place < size; place++) {
    for (let byte = 0; byte < 4; byte++) bits[place] |= bytes[at + byte * size + place] << (8 * byte);
    if (place >= each) bits[place] ^= bits[place - each];
  }
  return new Float32Array(bits.buffer);
}

async function readArrays() {
  const bytes = new Uint8Array(await inflated(content.arrays).arrayBuffer());
  delete content.arrays;
  const visit = (value) => {
    if (value === null || typeof value !== "object") return;
    if (value.kind && value.shape) {
      arrays.set(value, unpacked(value, bytes));
    } else Object.values(value).forEach(visit);
  };
  visit(content);
}

// Where a moment's numbers lie in an array, which may be the same at every moment.
function part(packed, moment, ...places) {
  const { shape } = packed;
  let start = shape[0] === 1 ? 0 : moment;
  shape.slice(1, places.length + 1).forEach((length, depth) => { start = start * length + places[depth]; });
  const size = shape.slice(places.length + 1).reduce((product, length) => product * length, 1);
  return arrays.get(packed).subarray(start * size, (start + 1) * size);
}

const valueAt = ({ low, high }, level) => low + ((high - low) * level) / 255;

const rgbOf = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
const mixed = (one, other, share) => one.map((value, place) => Math.round(value + (other[place] - value) * share));
const css = (colour, alpha = 1) => `rgb(${colour.join(" ")} / ${alpha})`;
const rgba = ([red, green, blue]) => (0xff000000 | (blue << 16) | (green << 8) | red) >>> 0;

// A place between colours that are evenly spaced from 0 to 1.
function along(stops, share) {
  const place = Math.min(stops.length - 2, Math.floor(share * (stops.length - 1)));
  return mixed(stops[place], stops[place + 1], share * (stops.length - 1) - place);
}

// Colours of the 256 levels: from blue over the middle to orange, the same pale, for samples to
// stand out from what is said of their own side, and from paper to ink.
const PALE = 2.4; // as in the pictures
let [scales, fast, strong] = [{}, {}, {}];
function chooseColours() {
  const { signed, several, paper, ink } = colours();
  const stops = signed.map(rgbOf);
  strong = { low: rgbOf(several[0]), high: rgbOf(several[1]), middle: stops[(stops.length - 1) / 2], paper: rgbOf(paper), ink: rgbOf(ink) };
  const levels = (colourOf) => Array.from({ length: 256 }, (_, level) => colourOf(level / 255));
  scales = {
    signed: levels((share) => along(stops, share)),
    pale: levels((share) => along(stops, 0.5 + (share - 0.5) / PALE)),
    grey: levels((share) => mixed(strong.paper, strong.ink, share)),
  };
  fast = Object.fromEntries(Object.entries(scales).map(([name, each]) => [name, Uint32Array.from(each, rgba)]));
}
const ends = () => strong;

const scratch = document.createElement("canvas");
const scratchPen = scratch.getContext("2d", { willReadFrequently: true });
const images = new Map();

// Draws levels [rows, columns], or [rows, columns, 3] in colour, into a rectangle.
function drawImage(pen, levels, [rows, columns], [x, y, width, height], scale = "signed", smooth = false) {
  const key = `${rows}x${columns}`;
  if (!images.has(key)) images.set(key, new ImageData(columns, rows));
  const image = images.get(key);
  const pixels = new Uint32Array(image.data.buffer);
  const ofLevels = fast[scale];
  if (levels.length === 3 * pixels.length) {
    for (let place = 0; place < pixels.length; place++) pixels[place] = rgba(levels.subarray(3 * place, 3 * place + 3));
  } else for (let place = 0; place < pixels.length; place++) pixels[place] = ofLevels[levels[place]];
  stamp(pen, image, [x, y, width, height], smooth);
}

function stamp(pen, image, [x, y, width, height], smooth) {
  if (scratch.width < image.width || scratch.height < image.height) {
    [scratch.width, scratch.height] = [Math.max(scratch.width, image.width), Math.max(scratch.height, image.height)];
  }
  scratchPen.putImageData(image, 0, 0);
  pen.imageSmoothingEnabled = smooth;
  pen.drawImage(scratch, 0, 0, image.width, image.height, x, y, width, height);
}

// A pen for a canvas of so many CSS pixels, sharp on any screen, the canvas empty.
function penFor(canvas, width, height) {
  const ratio = Math.min(3, printing ? 2 : devicePixelRatio || 1);
  const [across, down] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== across || canvas.height !== down) {
    [canvas.width, canvas.height] = [across, down];
    canvas.style.aspectRatio = `${width} / ${height}`;
  }
  const pen = canvas.getContext("2d");
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.clearRect(0, 0, width, height);
  return pen;
}

const short = (value, digits = 3) => {
  if (value === null || Number.isNaN(value)) return "–";
  if (!Number.isFinite(value)) return value > 0 ? "> 3e38" : "< −3e38"; // float32 holds no more
  const rounded = Number(value.toPrecision(digits));
  const size = Math.abs(rounded);
  if (size !== 0 && (size < 1e-4 || size >= 1e6)) return rounded.toExponential().replace("e+", "e").replace("-", "−");
  return String(rounded).replace("-", "−");
};
const whole = (value) => value.toLocaleString("en");
const cut = (text, most) => (text.length > most ? `${text.slice(0, most - 1)}…` : text);
const counted = (count, one) => `${whole(count)} ${one}${count === 1 ? "" : "s"}`;

// A bar from blue to orange with what its ends mean.
function colourBar(low, high, scale = "signed") {
  const bar = element("i", {});
  const stops = [0, 64, 128, 192, 255].map((level) => css(scales[scale][level])).join(", ");
  bar.style.background = `linear-gradient(to right, ${stops})`;
  return [low, bar, high];
}
