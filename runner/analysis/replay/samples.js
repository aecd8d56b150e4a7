// Samples one by one, and what the layers make of the chosen one: maps, or states over time.

const PARTS_IN_WORDS = { train: "training", validation: "validation", test: "test" };
const MOST_OUTPUTS = 4;

// What the network says of a sample, in words.
function saidOf(moment, row) {
  const outputs = part(samples.outputs, moment, row);
  if (content.classes) {
    const label = outputs.length === 1 ? Number(outputs[0] > 0.5) : outputs.indexOf(Math.max(...outputs));
    const value = outputs.length === 1 ? short(outputs[0], 2) : "";
    return [cut(content.classes[label], 12), value].filter(Boolean).join("  ");
  }
  const digits = samples.wrong ? 2 : 4; // as many as a target that is a number has
  return [...outputs.slice(0, MOST_OUTPUTS)].map((value) => short(value, digits)).join("  ");
}

function drawSamples(moment) {
  const wrong = samples.wrong && part(samples.wrong, moment);
  [...byId("choices").children].forEach((choice, row) => {
    choice.setAttribute("aria-pressed", row === now.sample);
    if (samples.targets) return;
    choice.querySelector(".said").textContent = saidOf(moment, row);
    choice.classList.toggle("wrong", Boolean(wrong?.[row]));
    choice.classList.toggle("plain", !wrong);
  });
}

const minus = (numbers) => numbers.replaceAll("-", "−");
function choiceOf(told, row) {
  const choice = element("button", { type: "button", onclick: () => { now.sample = row; everythingStale(); } });
  if (samples.images) choice.append(element("canvas", { "aria-hidden": "true" }));
  choice.append(...told.inputs.map(([name, value]) => element("small", { title: name }, `${cut(name, 18)} ${value}`.trim())));
  if (samples.targets) {
    choice.append(`sequence ${told.place}`);
    return choice;
  }
  const target = content.classes ? told.target : minus(told.target);
  const wanted = samples.images ? cut(target, 12) : `target ${cut(target, 24)}`;
  choice.append(element("span", {}, wanted), element("span", { class: "said" }));
  choice.title = `sample ${told.place}`;
  if (samples.choice) choice.append(element("small", {}, `sample ${whole(told.place)}`));
  return choice;
}

function drawThumbnails() {
  if (!samples.images) return;
  const [, , rows, columns] = samples.images.shape;
  for (const [row, canvas] of byId("choices").querySelectorAll("canvas").entries()) {
    const pen = penFor(canvas, 54, 54);
    drawImage(pen, part(samples.images, 0, row), [rows, columns], [0, 0, 54, 54], "grey");
  }
}

// How many are wrong in the end, where more are than are shown.
function wrongInTheEnd() {
  if (!samples.wrong) return "";
  const here = part(samples.wrong, moments - 1).reduce((sum, wrong) => sum + wrong, 0);
  return samples.wrong_at_end > here ? `At the end ${whole(samples.wrong_at_end)} are wrong; ${here} of them are here. ` : "";
}

function connectSamples() {
  if (plane) return; // where all of them are
  const some = samples.rows.length < samples.total ? `${samples.rows.length} of ${whole(samples.total)}` : `All ${samples.total}`;
  show("samples", `${some} ${PARTS_IN_WORDS[samples.part]} ${samples.targets ? "sequences" : "samples"}`);
  byId("choices").append(...samples.rows.map(choiceOf));
  const judged = samples.targets ? "" : `${samples.images ? "Above its class" : "Its target"}, below what the network says of it${samples.wrong ? ": ✓ right, ✗ wrong" : ""}. `;
  legend("samples", () => {
    drawThumbnails();
    return [`${judged}${samples.choice}${wrongInTheEnd()}Choose one: the network shows what its units give for it.`];
  });
  addPanel(byId("samples"), drawSamples);
}

// What each layer makes of the chosen sample: a figure a layer.
const figures = [];
function addFigure(title, draw) {
  const canvas = element("canvas", { role: "img", "aria-label": title });
  byId("layers").querySelector(".drawn").append(element("figure", {}, element("figcaption", {}, title), canvas));
  figures.push({ canvas, draw });
}

const sized = (canvas, width, height) => { canvas.style.width = `${width}px`; return penFor(canvas, width, height); };

function mapsFigure(column, place) {
  const [rows, across] = column.picture;
  const count = place === 0 && samples.images ? 1 : column.nodes.length; // in colour it is one image
  const cut = place > 0 && count < column.count ? `, ${count} of ${column.count}` : "";
  addFigure(`${column.title}: ${column.count} × ${rows} × ${across}${cut}`, (canvas, moment) => {
    const room = byId("layers").clientWidth;
    const side = Math.max(24, Math.min(76, 12 * across, (room - 4 * count) / count));
    const a_row = Math.max(1, Math.floor((room + 4) / (side + 4)));
    const tall = (side * rows) / across;
    const pen = sized(canvas, Math.min(count, a_row) * (side + 4), Math.ceil(count / a_row) * (tall + 4));
    const image = place === 0 && samples.images;
    for (let node = 0; node < count; node++) {
      const box = [(node % a_row) * (side + 4), Math.floor(node / a_row) * (tall + 4), side, tall];
      if (image) drawImage(pen, part(samples.images, 0, now.sample), column.picture, box, "grey");
      else drawImage(pen, part(column.values, moment, now.sample, node), column.picture, box);
    }
  });
}

// Levels [time, nodes] of a column or of targets, steps from top to bottom.
function overTime(title, steps, count, levelsOf) {
  addFigure(title, (canvas, moment) => {
    const length = lengthOf(steps);
    const cell = Math.max(3, Math.min(22, 360 / length));
    const top = 5; // for the first number beside it
    const pen = sized(canvas, 26 + count * Math.min(22, cell * 1.4), length * cell + 2 * top);
    const levels = new Uint8Array(length * count);
    for (let node = 0; node < count; node++) {
      const own = levelsOf(moment, node);
      for (let step = 0; step < length; step++) levels[step * count + node] = own[step];
    }
    drawImage(pen, levels, [length, count], [24, top, count * Math.min(22, cell * 1.4), length * cell]);
    pen.fillStyle = css(mixed(ends().paper, ends().ink, 0.65));
    pen.font = "11px system-ui, sans-serif";
    [pen.textAlign, pen.textBaseline] = ["right", "middle"];
    const every = Math.ceil(length / Math.max(1, Math.floor((length * cell) / 16)));
    for (let step = 0; step < length; step += every) pen.fillText(step + 1, 19, top + (step + 0.5) * cell);
  });
}

function addStates() {
  columns.forEach((column) => {
    if (column.picture.length !== 1) return;
    overTime(column.title, column.picture[0], column.nodes.length, (moment, node) => part(column.values, moment, now.sample, node));
  });
  if (!samples.targets) return;
  const [, , steps, count] = samples.targets.shape;
  const nodes = columns.at(-1).nodes;
  overTime("target", steps, nodes.length, (_, node) => {
    const all = part(samples.targets, 0, now.sample);
    const { low } = columns.at(-1).values; // colours as the output's: from 0, or around it
    return Array.from({ length: steps }, (_step, step) => {
      const value = valueAt(samples.targets, all[step * count + nodes[node]]);
      return low === 0 ? 255 * value : 127.5 + 127.5 * value;
    });
  });
}

function connectLayers() {
  const maps = columns.some(({ picture }, place) => picture.length === 2 && place > 0);
  const states = columns.some(({ picture }, place) => picture.length === 1 && place > 0);
  if (maps) {
    show("layers", "The chosen image through the layers");
    columns.forEach((column, place) => { if (column.picture.length === 2) mapsFigure(column, place); });
  } else if (states) {
    show("layers", "States over the chosen sequence");
    addStates();
  } else return;
  const middle = maps ? "Colours of each layer reach to its largest value for these samples at all moments." : "Steps from top to bottom, units side by side.";
  legend("layers", () => [...colourBar("low", "high"), `. ${middle}`]);
  addPanel(byId("layers"), (moment) => figures.forEach(({ canvas, draw }) => draw(canvas, moment)));
}
