// The network: columns of nodes, edges as wide as their weights.

const { columns, gaps, first, planes } = content.graph;
const MOST_HEIGHT = 560;
const layout = { width: 0, nodes: [], edges: [] };

// What is drawn for the nodes of a column.
function pictureOf(place) {
  if (planes) return "plane";
  if (place === 0 && content.samples.images) return "sample";
  if (place === 1 && first?.dense) return "weights";
  return ["number", "strip", "map"][columns[place].picture.length];
}

const SIZES = { plane: 60, weights: 46, map: 56, sample: 96, number: 40, strip: 24 };

function layOut(width) {
  const phone = width < 480;
  const kinds = columns.map((_, place) => pictureOf(place));
  const counts = columns.map((column, place) => (kinds[place] === "sample" ? 1 : column.nodes.length));
  const named = columns.map((column, place) => (place === 0 || place === columns.length - 1 ? column.names : []));
  const letters = (names) => Math.max(0, ...names.map((name) => Math.min(name.length, phone ? 9 : 12)));
  const margins = [named[0], named.at(-1)].map((names, end) =>
    12 + (kinds[end ? columns.length - 1 : 0] === "sample" ? 0 : 6.6 * letters(names)));
  const between = (width - margins[0] - margins[1]) / columns.length;
  const sizes = kinds.map((kind) => Math.min(SIZES[kind], between * 0.72));
  const wanted = Math.max(...counts.map((count, place) => count * (sizes[place] * 1.25 + 4)));
  const height = Math.max(phone ? 200 : 300, Math.min(phone ? 420 : MOST_HEIGHT, wanted)) + 24;
  layout.width = width;
  layout.height = height;
  layout.nodes = columns.map((column, place) => {
    const room = (height - 24) / counts[place];
    const side = Math.min(sizes[place], room * 0.88);
    const across = kinds[place] === "strip" ? Math.min(120, between * 0.62) : side;
    const x = margins[0] + between * (place + 0.5);
    const spread = Math.min(room, side * 2.2);
    return Array.from({ length: counts[place] }, (_, node) => ({
      x, y: 20 + (height - 24) / 2 + (node - (counts[place] - 1) / 2) * spread, width: across, height: side, kind: kinds[place],
    }));
  });
  layout.edges = gaps.map(({ pairs }, gap) => pairs.map(([from, to]) => {
    const [source, sink] = [layout.nodes[gap][Math.min(from, counts[gap] - 1)], layout.nodes[gap + 1][to]];
    return [source.x + source.width / 2, source.y, sink.x - sink.width / 2, sink.y];
  }));
}

// From an image that is one node no edges of many parts; a dense layer shows its weights instead.
const hasEdges = (gap) => !(gap === 0 && content.samples.images && (first?.dense || columns[0].nodes.length > 1));

function drawEdges(pen, moment) {
  const { low, high } = ends();
  const still = css(mixed(ends().middle, ends().ink, 0.25));
  gaps.forEach((gap, place) => {
    if (!hasEdges(place)) return drawFan(pen, still);
    const weights = gap.weights && part(gap.weights, moment);
    layout.edges[place].forEach(([x1, y1, x2, y2], edge) => {
      const share = weights ? Math.max(-1, Math.min(1, weights[edge] / gap.limit)) : 0;
      const size = Math.abs(share);
      pen.strokeStyle = weights ? css(share < 0 ? low : high, 0.22 + 0.68 * Math.sqrt(size)) : still;
      pen.lineWidth = weights ? 0.4 + 5.6 * size : 1;
      const bend = (x2 - x1) * 0.45;
      pen.beginPath();
      pen.moveTo(x1, y1);
      pen.bezierCurveTo(x1 + bend, y1, x2 - bend, y2, x2, y2);
      pen.stroke();
    });
  });
}

// From an image to units that show their weights: that all of it goes into each.
function drawFan(pen, colour) {
  const [{ x, y, width }] = layout.nodes[0];
  pen.strokeStyle = colour;
  pen.lineWidth = 1;
  for (const unit of layout.nodes[1]) {
    pen.beginPath();
    pen.moveTo(x + width / 2, y);
    const [start, end] = [x + width / 2, unit.x - unit.width / 2];
    const bend = (end - start) * 0.45;
    pen.bezierCurveTo(start + bend, y, end - bend, unit.y, end, unit.y);
    pen.stroke();
  }
}

function drawNode(pen, moment, place, node) {
  const { x, y, width, height, kind } = layout.nodes[place][node];
  const box = [x - width / 2, y - height / 2, width, height];
  const column = columns[place];
  const frame = css(mixed(ends().paper, ends().ink, 0.45));
  pen.strokeStyle = frame;
  pen.lineWidth = 1;
  if (kind === "number") {
    const [level] = part(column.values, moment, now.sample, node);
    pen.fillStyle = css(scales.signed[level]);
    pen.beginPath();
    pen.arc(x, y, width / 2, 0, 2 * Math.PI);
    pen.fill();
    pen.stroke();
    return;
  }
  if (kind === "plane") {
    const [, , rows, across] = planes[place].shape;
    drawImage(pen, part(planes[place], moment, node), [rows, across], box, "signed", true);
  } else if (kind === "weights") {
    const [, , rows, across] = first.images.shape;
    drawImage(pen, part(first.images, moment, first.units.indexOf(column.nodes[node])), [rows, across], box);
  } else if (kind === "sample") {
    const [, , rows, across] = content.samples.images.shape;
    drawImage(pen, part(content.samples.images, moment, now.sample), [rows, across], box, "grey");
  } else if (kind === "map") {
    drawImage(pen, part(column.values, moment, now.sample, node), column.picture, box);
  } else {
    const length = lengthOf(column.picture[0]);
    drawImage(pen, part(column.values, moment, now.sample, node).subarray(0, length), [1, length], box);
  }
  pen.strokeRect(...box);
}

// Of a sequence that is shorter than others no more than there is.
const lengthOf = (steps) => Math.min(steps, content.samples.lengths?.[now.sample] ?? steps);

function drawNames(pen) {
  pen.fillStyle = css(ends().ink);
  pen.font = "12px system-ui, sans-serif";
  pen.textBaseline = "middle";
  const most = layout.width < 480 ? 9 : 12;
  for (const [place, side] of [[0, -1], [columns.length - 1, 1]]) {
    const nodes = layout.nodes[place];
    if (nodes[0].kind === "sample" || nodes[0].height < 9) continue;
    pen.textAlign = side < 0 ? "right" : "left";
    nodes.forEach(({ x, y, width }, node) => pen.fillText(cut(columns[place].names[node], most), x + side * (width / 2 + 5), y));
  }
  pen.fillStyle = css(mixed(ends().paper, ends().ink, 0.65));
  pen.textAlign = "center";
  columns.forEach(({ title }, place) => {
    const { x } = layout.nodes[place][0];
    pen.fillText(layout.width < 480 ? title.replace(/layer [0-9]+,? ?/, (found) => (found.includes(",") ? "" : found)) : title, x, 8);
  });
}

const netCanvas = byId("net").querySelector("canvas");
function drawNet(moment) {
  const width = netCanvas.parentElement.clientWidth;
  if (width !== layout.width) layOut(width);
  const pen = penFor(netCanvas, layout.width, layout.height);
  drawEdges(pen, moment);
  layout.nodes.forEach((nodes, place) => nodes.forEach((_, node) => drawNode(pen, moment, place, node)));
  drawNames(pen);
}

function nodeHint(place, node) {
  const column = columns[place];
  const { kind } = layout.nodes[place][node];
  if (kind === "sample") return `sample ${content.samples.rows[now.sample].place}`;
  const told = [place === 0 ? column.names[node] : `${column.title}: ${column.names[node]}`];
  if (kind === "number") told.push(`gives ${short(valueAt(column.values, part(column.values, now.moment, now.sample, node)[0]), 2)}`);
  if (column.bias) told.push(`bias ${short(part(column.bias, now.moment)[node])}`);
  return told.join("; ");
}

// How far a point is from an edge, along its curve.
function distance([x1, y1, x2, y2], x, y) {
  if (x < x1 || x > x2) return Infinity;
  const share = (x - x1) / (x2 - x1);
  let time = share;
  for (let round = 0; round < 6; round++) {
    const rest = 1 - time;
    const at = 3 * rest * rest * time * 0.45 + 3 * rest * time * time * 0.55 + time ** 3;
    time = Math.max(0, Math.min(1, time + (share - at) / (1.35 * rest * rest + 0.6 * rest * time + 1.35 * time * time)));
  }
  const rise = 3 * time * time - 2 * time ** 3;
  return Math.abs(y1 + (y2 - y1) * rise - y);
}

function netHint(x, y) {
  for (let place = 0; place < columns.length; place++) {
    const node = layout.nodes[place].findIndex((each) =>
      Math.abs(each.x - x) <= each.width / 2 && Math.abs(each.y - y) <= each.height / 2);
    if (node >= 0) return nodeHint(place, node);
  }
  let [nearest, text] = [6, ""];
  gaps.forEach((gap, place) => {
    if (!gap.weights || !hasEdges(place)) return;
    layout.edges[place].forEach((edge, number) => {
      const away = distance(edge, x, y);
      if (away >= nearest) return;
      const [from, to] = gap.pairs[number];
      nearest = away;
      text = `${columns[place].names[from]} → ${columns[place + 1].names[to]}: ${short(part(gap.weights, now.moment)[number])}`;
    });
  });
  return text;
}

// What the drawing leaves out, and what its parts mean.
function netLegend() {
  const fewer = columns.filter((column, place) => column.nodes.length < column.count && pictureOf(place) !== "sample");
  const left = fewer.map((c) => `${c.nodes.length} of the ${counted(c.count, c.each)}${c.title.startsWith("layer") ? ` of ${c.title.split(",")[0]}` : ""}`);
  const pairs = gaps.some((gap, place) => hasEdges(place) && gap.weights && gap.pairs.length < columns[place].nodes.length * columns[place + 1].nodes.length);
  const means = gaps.some((gap, place) => gap.mean && hasEdges(place));
  const kinds = new Set(columns.map((_, place) => pictureOf(place)));
  return [
    ...colourBar("Edges: negative", "positive weights, the wider the larger beside those of the same two layers."),
    means ? " Where an edge stands for several weights, their mean." : "",
    kinds.has("plane") ? " Each unit shows what it gives all over the inputs: blue low, orange high." : "",
    kinds.has("weights") ? " Units of layer 1 show their weights, laid out as the pixels are." : "",
    kinds.has("number") && !planes ? " A circle's colour: what the unit gives for the chosen sample, blue low, orange high." : "",
    kinds.has("strip") ? " Each strip: a unit over the steps of the chosen sequence, left to right." : "",
    left.length ? ` Drawn are ${left.join(", ")}: those with the strongest weights at the end.` : "",
    pairs ? " Of the edges between two layers the strongest 200." : "",
  ];
}

function connectNet() {
  legend("net", netLegend);
  netCanvas.setAttribute("aria-label", `The network ${content.topology}: its weights as edges`);
  hintOver(netCanvas, netHint);
  addPanel(byId("net"), drawNet);
}
