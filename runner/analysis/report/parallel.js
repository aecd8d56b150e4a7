// Parallel coordinates: an upright axis for each setting and one for the metric, a line for each run.

const MOST_DIMENSIONS = 8;
const MOST_LINES = 1000;
const MOST_TICKS = 9;
const SHADES = 9;
const NONE = -0.12;
// Cividis and Viridis, in nine steps: told apart by colour-blind people.
const SCALES = {
  light: ["#00224E", "#123570", "#3B496C", "#575D6D", "#707173", "#8A8678", "#A59C74", "#C3B369", "#E1CC55"],
  dark: ["#5B4FA0", "#4C6BB0", "#3E84B0", "#329AA8", "#2BB098", "#48C57C", "#7FD558", "#B9DE3B", "#FDE725"],
};

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
    places: known.map((value) => (value === null ? NONE : place(value))),
    ticks: [
      ...(known.includes(null) ? [[NONE, "none"]] : []),
      ...apart(ticks.map((value) => [place(value), shortNumber(value)])),
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
    places: members.map((run) => place.get(ranks[column.codes[run]])),
    ticks: apart(used.map((rank) => [place.get(rank), names[rank]])),
  };
}

// Five numbers from the first to the last, evenly apart on the axis, to three digits between them.
function between(exact, logarithmic) {
  const [low, high] = [exact[0], exact[exact.length - 1]];
  const inner = [0.25, 0.5, 0.75].map((share) =>
    Number((logarithmic ? low * (high / low) ** share : low + share * (high - low)).toPrecision(2)),
  );
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

// A trace for each shade of the metric: many lines with gaps between them are one path to draw.
function shadeTraces(dimensions, last) {
  const shades = SCALES[isDark() ? "dark" : "light"];
  const opacity = last.places.length > 200 ? 0.35 : 0.75;
  const lines = shades.map(() => ({ x: [], y: [] }));
  last.places.forEach((value, member) => {
    const line = lines[Math.min(SHADES - 1, Math.floor(value * SHADES))];
    dimensions.forEach(({ places }, at) => { line.x.push(at); line.y.push(places[member]); });
    line.x.push(null);
    line.y.push(null);
  });
  return lines.map((line, shade) => ({
    ...line, mode: "lines", line: { color: shades[shade], width: 1.4 }, opacity, hoverinfo: "skip", showlegend: false,
  }));
}

function axisMarks(names, dimensions) {
  const ink = isDark() ? "#e6e9ed" : "#1c2127";
  const paper = isDark() ? "rgba(20,23,27,0.75)" : "rgba(255,255,255,0.75)";
  const shapes = names.map((_, at) => ({ type: "line", x0: at, x1: at, y0: 0, y1: 1, line: { color: ink, width: 1 } }));
  const annotations = [];
  names.forEach((name, at) => {
    const mark = { x: at, showarrow: false, font: { size: 12 } };
    const label = name.length > 15 ? name.slice(name.lastIndexOf(".") + 1).slice(0, 15) : name;
    annotations.push({ ...mark, y: 1.06, yanchor: "bottom", text: `<b>${plain(label)}</b>` });
    for (const [place, text] of dimensions[at].ticks) {
      const short = text.length > 14 ? `${text.slice(0, 13)}…` : text;
      const side = at === names.length - 1 ? { xanchor: "left", xshift: 4 } : { xanchor: "right", xshift: -4 };
      annotations.push({ ...mark, ...side, y: place, text: plain(short), bgcolor: paper, borderpad: 1 });
    }
  });
  return { shapes, annotations };
}

function drawParallel() {
  const metric = byId("parallel-metric").value;
  const settings = parallelSettings();
  if (!metric || runs.count < 2 || !table.shown.length) {
    return noPlot("parallel-chart", "Takes several runs.");
  }
  const values = runs.columns.get(metric).numbers;
  const measured = table.shown.filter((run) => values[run] !== null);
  const share = MOST_LINES / measured.length;
  // Golden section steps: every tenth, say, of a grid of settings would leave some of them out.
  const members = measured.filter((_, place) => (place * 0.6180339887) % 1 < share);
  if (!members.length) return noPlot("parallel-chart", `None of these runs has ${metric}.`);
  const names = [...settings, metric];
  const dimensions = names.map((name) => dimensionOf(name, members));
  const some = share < 1 ? ` Shown are ${members.length} of ${measured.length} runs.` : "";
  byId("parallel-note").textContent = `A line is a run, the lighter the higher its ${metric}.${some}`;
  const hidden = { visible: false, fixedrange: true };
  const layout = layoutOf({ ...hidden, range: [-0.55, names.length - 0.35] }, { ...hidden, range: [NONE - 0.05, 1.16] });
  Object.assign(layout, axisMarks(names, dimensions), { margin: { l: 5, r: 25, t: 10, b: 10 } });
  layout.width = Math.max(byId("parallel").clientWidth, 120 * names.length);
  const traces = shadeTraces(dimensions, dimensions[dimensions.length - 1]);
  plot("parallel-chart", traces, layout, `settings and ${metric} of each run`);
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
