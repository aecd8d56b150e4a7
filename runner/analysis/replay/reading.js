// The arrays of the page, colours for their numbers, and drawing on a canvas.

const moments = content.steps.length;
const arrays = new Map(); // by place in the text

// All bytes, inflated.
async function bytesOf(text) {
  const packed = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

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
  const bytes = await bytesOf(content.arrays);
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

const ENDS = {
  light: { low: [0, 90, 170], middle: [250, 250, 250], high: [205, 80, 0], paper: [255, 255, 255], ink: [28, 33, 39] },
  dark: { low: [96, 182, 250], middle: [33, 38, 45], high: [255, 150, 66], paper: [20, 23, 27], ink: [230, 233, 237] },
};
const ends = () => ENDS[isDark() ? "dark" : "light"];
const mixed = (one, other, share) => one.map((value, place) => Math.round(value + (other[place] - value) * share));
const css = (colour, alpha = 1) => `rgb(${colour.join(" ")} / ${alpha})`;
const rgba = ([red, green, blue]) => (0xff000000 | (blue << 16) | (green << 8) | red) >>> 0;

// Colours of the 256 levels: from blue over the middle to orange, and from paper to ink.
let scales = {};
function chooseColours() {
  const { low, middle, high, paper, ink } = ends();
  const signed = Array.from({ length: 256 }, (_, level) =>
    level < 128 ? mixed(middle, low, ((127.5 - level) / 127.5) ** 0.85) : mixed(middle, high, ((level - 127.5) / 127.5) ** 0.85));
  const grey = Array.from({ length: 256 }, (_, level) => mixed(paper, ink, level / 255));
  scales = { signed, grey, fast: { signed: Uint32Array.from(signed, rgba), grey: Uint32Array.from(grey, rgba) } };
}

const scratch = document.createElement("canvas");
const scratchPen = scratch.getContext("2d", { willReadFrequently: true });
const images = new Map();

// Draws levels [rows, columns], or [rows, columns, 3] in colour, into a rectangle.
function drawImage(pen, levels, [rows, columns], [x, y, width, height], scale = "signed", smooth = false) {
  const key = `${rows}x${columns}`;
  if (!images.has(key)) images.set(key, new ImageData(columns, rows));
  const image = images.get(key);
  const pixels = new Uint32Array(image.data.buffer);
  const colours = scales.fast[scale];
  if (levels.length === 3 * pixels.length) {
    for (let place = 0; place < pixels.length; place++) pixels[place] = rgba(levels.subarray(3 * place, 3 * place + 3));
  } else for (let place = 0; place < pixels.length; place++) pixels[place] = colours[levels[place]];
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
function colourBar(low, high) {
  const bar = element("i", {});
  const stops = [0, 64, 128, 192, 255].map((level) => css(scales.signed[level])).join(", ");
  bar.style.background = `linear-gradient(to right, ${stops})`;
  return [low, bar, high];
}
