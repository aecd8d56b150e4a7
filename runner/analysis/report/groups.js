// What the page opens with: groups of runs, the best first, each a dot with its interval, and what differs.

const SENTENCES_SHOWN = 4;
const LEFT_OUT_SHOWN = 3;

function showConclusion() {
  const told = content.conclusion;
  byId("conclusion-title").textContent = told.none ? "Nothing to compare" : `${told.metric} by ${told.by.map(shortName).join(", ")}`;
  byId("headline").textContent = told.none ?? told.headline;
  byId("verdict").textContent = told.verdict ?? "";
  byId("verdict").hidden = !told.verdict;
  byId("group-scroll").hidden = Boolean(told.none) || told.rows.length + told.early.length < 2;
  if (told.none) return;
  const notes = (texts) => texts.map((text) => element("p", { class: "note" }, text));
  byId("remarks").replaceChildren(...notes(told.remarks));
  showLeftOut(notes(told.left_out));
  if (told.groups + told.early.length === 1) byId("conclusion-title").textContent = told.metric;
  showGroups();
  showBestRun();
  showSentences();
}

// The notes themselves where they are few, else to be unfolded.
function showLeftOut(lines) {
  const folded = element("details", {}, element("summary", {}, "Which runs are left out, and why"), ...lines);
  byId("left-out").replaceChildren(...(lines.length > LEFT_OUT_SHOWN ? [folded] : lines));
}

const endsOf = ({ mean, low, high }) => [mean, low, high].filter((value) => value !== null);
const FEW_OUTLIERS = 1 / 3; // of the groups
const STRETCH = 4;

// The rows that the axis is made for: without the fewest, at most a third, that would make it STRETCH times as long.
// The first row, the best, is always among them.
function rowsOfScale(rows, height) {
  const lengthOf = (some) => {
    const ends = some.flatMap(endsOf).map(height);
    return Math.max(...ends) - Math.min(...ends);
  };
  const middle = median(rows.map(({ mean }) => (mean === null ? null : height(mean))));
  const away = (row) => Math.max(...endsOf(row).map((value) => Math.abs(height(value) - middle)));
  const farthest = rows.slice(1).sort((a, b) => away(b) - away(a));
  for (let left = 1; left <= Math.floor(rows.length * FEW_OUTLIERS); left += 1) {
    const kept = rows.filter((row) => !farthest.slice(0, left).includes(row));
    if (lengthOf(rows) > STRETCH * lengthOf(kept)) return kept;
  }
  return rows;
}

// Where a value is on the axis, in percent; what is beyond its ends stands at them.
function groupScale(rows) {
  const logarithmic = !content.conclusion.fraction && wantsLog(rows.flatMap(endsOf));
  const height = logarithmic ? Math.log : (value) => value;
  const ends = rowsOfScale(rows, height).flatMap(endsOf);
  const [least, most] = [Math.min(...ends), Math.max(...ends)];
  const width = height(most) - height(least);
  const place = (value) => {
    const share = width ? (height(value) - height(least)) / width : 0.5;
    return 3 + 94 * Math.min(1, Math.max(0, share));
  };
  return { place, least, most, logarithmic, beyond: rows.filter((row) => endsOf(row).some((value) => value < least || value > most)) };
}

// The ends of the axis, with the digits that tell them apart; one value has one end.
function endTexts(least, most) {
  const [wide, large] = [most - least, Math.max(Math.abs(least), Math.abs(most))];
  const digits = wide ? Math.min(15, Math.max(3, 2 + Math.ceil(Math.log10(large / wide)))) : 3;
  const texts = [least, most].map((value) => shortText(Number(value.toPrecision(digits)), digits));
  return wide ? texts : texts.slice(1);
}

function dotAndInterval({ mean, low, high }, { place, least, most }) {
  const track = element("div", { class: "track", "aria-hidden": "true" });
  if (low !== null && high !== null) {
    track.append(element("span", { class: "interval", style: `left:${place(low)}%;width:${Math.max(0, place(high) - place(low))}%` }));
  }
  if (mean === null) return track;
  const arrow = mean < least ? "◂" : mean > most ? "▸" : "";
  track.append(element("span", { class: arrow ? "arrow" : "dot", style: `left:${place(mean)}%` }, arrow));
  return track;
}

// How many runs of a group count, of those that it has.
const countText = ({ n, left }) => n.toLocaleString("en") + (left ? ` of ${(n + left).toLocaleString("en")}` : "");

function showGroups() {
  const { rows, groups, better, by, early, early_groups: others, ranked } = content.conclusion;
  const scale = groupScale(rows);
  const { least, most, logarithmic, beyond } = scale;
  const only = (group) => element("button", { type: "button", title: "Filter the page by this group", onclick: () => filterByGroup(group) }, group.name);
  const row = (group, at) => element(
    "tr",
    { class: /^(best|tied best|compared with)$/.test(group.mark) ? "best" : null },
    element("th", { scope: "row" }, groups + others > 1 ? only(group) : group.name),
    element("td", { class: "drawn" }, ranked ? dotAndInterval(group, scale) : ""),
    element("td", { class: "number" }, element("b", {}, group.text), element("span", { class: "ends" }, ` ${group.interval}`)),
    element("td", { class: "number count" }, countText(group)),
    element("td", { class: "mark" }, at === 0 && group.mark === "best" ? "★ best" : group.mark),
  );
  const ended = (group) => element(
    "tr",
    { class: "early" },
    element("th", { scope: "row" }, only(group)),
    element("td", { class: "drawn", colspan: 2 }, group.fate),
    element("td", { class: "number count" }, countText(group)),
    element("td", { class: "mark" }),
  );
  const ends = element("div", { class: "axis-ends" }, ...(ranked ? endTexts(least, most) : []).map((text) => element("span", {}, text)));
  const head = [
    element("th", { scope: "col" }, by.map(shortName).join(", ")),
    element("th", { scope: "col", class: "drawn" }, ends),
    element("th", { scope: "col", class: "number" }, rows.every(({ n }) => n === 1) ? "value" : "mean, 95 % interval"),
    element("th", { scope: "col", class: "number count" }, "runs"),
    element("th", { scope: "col", class: "mark" }, ""),
  ];
  byId("group-table").replaceChildren(element("thead", {}, element("tr", {}, ...head)), element("tbody", {}, ...rows.map(row), ...early.map(ended)));
  const some = rows.length < groups ? `The best ${rows.length} of ${groups.toLocaleString("en")} groups. ` : "";
  const more = early.length < others ? ` Of ${(others - early.length).toLocaleString("en")} more groups no run counts.` : "";
  const log = logarithmic && ranked ? " Drawn on a logarithmic scale." : "";
  const cut = beyond.length && ranked ? ` The scale leaves out what is far from most: ${beyond.map(({ name }) => name).join("; ")} ${beyond.length > 1 ? "go" : "goes"} beyond it (◂ ▸).` : "";
  byId("group-note").textContent = `${some}${[content.conclusion.runs, better].filter(Boolean).join("; ")}.${log}${cut}${more}`;
}

// The page shows the runs of a group, where its settings are among those that vary.
function filterByGroup({ key }) {
  const terms = content.conclusion.by.flatMap((name, at) => {
    const column = runs.columns.get(name);
    if (!column) return [];
    // As the runs have it, for a group's name has six digits.
    const wanted = key[at] ?? "";
    const values = isNumeric(column) ? column.numbers : column.levels;
    const value = isNumeric(column) ? values.find((one) => one !== null && Number(one.toPrecision(6)) === Number(wanted)) : wanted;
    return value === undefined ? [] : [`${name}=${quoted(value)}`];
  });
  byId("filter").value = terms.join(" ");
  applyFilter();
  byId("runs").scrollIntoView();
  byId("filter").focus({ preventScroll: true });
}

function showBestRun() {
  const column = runs.columns.get(content.metric);
  if (!content.conclusion.ranked) return;
  if (runs.count === 1) {
    byId("best-run").hidden = false;
    byId("best-run").replaceChildren("Its curve, pictures, command and settings: ", element("a", { href: "#run-0" }, `run ${nameOf(0)}`), ".");
    return;
  }
  if (!column) return;
  const sign = content.conclusion.higher ? -1 : 1;
  const status = runs.columns.get("status");
  const known = runs.every.filter((run) => column.numbers[run] !== null && (!status || valueOf(status, run) === "completed"));
  if (!known.length) return;
  const sorted = [...known].sort((a, b) => sign * (column.numbers[a] - column.numbers[b]) || a - b);
  const [best, value] = [sorted[0], column.numbers[sorted[0]]];
  const next = sorted.find((run) => column.numbers[run] !== value);
  const equal = next === undefined ? known.length - 1 : sorted.indexOf(next) - 1;
  const others = equal ? `, as ${equal.toLocaleString("en")} other${equal > 1 ? "s" : ""}` : "";
  byId("best-run").hidden = false;
  byId("best-run").replaceChildren("Best single run: ", element("a", { href: `#run-${best}` }, `run ${nameOf(best)}`), `, ${textBeside(column, value, column.numbers[next] ?? null)}${others}.`);
}

function showSentences() {
  const { sentences, test } = content.conclusion;
  const items = sentences.map(({ text, shown }) => element("li", { class: shown ? "shown" : null }, `${text}.`));
  byId("differences-told").hidden = !items.length;
  byId("sentences").replaceChildren(...items.slice(0, SENTENCES_SHOWN));
  const more = byId("more-sentences");
  more.hidden = items.length <= SENTENCES_SHOWN;
  more.querySelector("summary").textContent = `${items.length - SENTENCES_SHOWN} more`;
  more.querySelector("ul").replaceChildren(...items.slice(SENTENCES_SHOWN));
  byId("test").textContent = test;
}
