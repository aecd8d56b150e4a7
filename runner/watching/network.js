// The network as its newest snapshot has it: edges as wide as their weights, units filled by bias.

const NET = { width: 760, most: 380, least: 140 };

let drawnNetwork = "";

// Snapshots are seldom, and a drawing of hundreds of edges is most of what the page costs.
function showNetwork(run, network) {
  const now = `${run} ${network.step} ${dark.matches}`;
  if (now !== drawnNetwork) drawNetwork(network);
  drawnNetwork = now;
}

function drawNetwork(network) {
  const { columns, gaps } = network;
  const tallest = Math.max(...columns.map(({ nodes }) => nodes));
  const height = Math.min(NET.most, Math.max(NET.least, tallest * 30)) + 24;
  const x = (place) => 50 + ((NET.width - 100) * place) / Math.max(1, columns.length - 1);
  const y = (place, node) => 24 + (height - 24) * ((node + 0.5) / columns[place].nodes);
  const radius = Math.min(11, (height - 24) / tallest / 2.4);
  const svg = byId("network").querySelector("svg");
  svg.setAttribute("viewBox", `0 0 ${NET.width} ${height}`);
  svg.setAttribute("aria-label", `The network ${network.topology}`);
  const parts = [];
  gaps.forEach(({ pairs, weights }, place) => {
    const limit = Math.max(...weights.map((weight) => Math.abs(weight ?? 0))) || 1;
    pairs.forEach(([from, to], edge) => {
      const share = (weights[edge] ?? 0) / limit;
      parts.push(drawing("line", {
        x1: x(place), y1: y(place, from), x2: x(place + 1), y2: y(place + 1, to), stroke: palette()[share < 0 ? 0 : 1],
        "stroke-width": (0.3 + 4 * Math.abs(share)).toFixed(2), "stroke-opacity": (0.15 + 0.75 * Math.abs(share)).toFixed(2),
      }));
    });
  });
  columns.forEach(({ nodes, title }, place) => {
    const bias = place ? gaps[place - 1].bias : [];
    const most = Math.max(...bias.map((value) => Math.abs(value ?? 0))) || 1;
    for (let node = 0; node < nodes; node++) {
      const share = (bias[node] ?? 0) / most;
      parts.push(drawing("circle", { cx: x(place), cy: y(place, node), r: radius, fill: "var(--paper)" }));
      if (share) parts.push(drawing("circle", { cx: x(place), cy: y(place, node), r: radius, fill: palette()[share < 0 ? 0 : 1], "fill-opacity": (0.8 * Math.abs(share)).toFixed(2) }));
    }
    parts.push(drawing("text", { x: x(place), y: 14, "text-anchor": "middle" }, title));
  });
  svg.replaceChildren(...parts);
  const fewer = columns.filter(({ nodes, count }) => nodes < count).map(({ title, nodes, count }) => `${nodes} of ${count} of ${title}`);
  const some = fewer.length ? ` Drawn are ${fewer.join(", ")}.` : "";
  byId("network").querySelector("figcaption").textContent =
    `${network.topology} at step ${network.step.toLocaleString("en")}, its newest snapshot. Orange positive, blue negative; the wider the larger; filled by bias.${some}`;
}
