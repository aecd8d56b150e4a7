// What the page opens with: groups of runs, the best first, each a dot with its interval, and what differs.

const SENTENCES_SHOWN = 4;

function showConclusion() {
  const told = content.conclusion;
  byId("conclusion-title").textContent = told.none ? "Nothing to compare" : `${told.metric} by ${told.by.map(shortName).join(", ")}`;
  byId("headline").textContent = told.none ?? told.headline;
  byId("verdict").textContent = told.verdict ?? "";
  byId("verdict").hidden = !told.verdict;
  byId("group-scroll").hidden = told.rows.length < 2;
  byId("remarks").replaceChildren(...(told.remarks ?? []).map((text) => element("p", { class: "note" }, text)));
  if (told.none) return;
  if (told.groups === 1) byId("conclusion-title").textContent = told.metric;
  showGroups();
  showBestRun();
  showSentences();
}

// Where a value is between the ends of all intervals, in percent.
function groupScale(rows) {
  const ends = rows.flatMap(({ mean, low, high }) => [mean, low, high]).filter((value) => value !== null);
  const logarithmic = !content.conclusion.fraction && wantsLog(ends);
  const height = logarithmic ? Math.log : (value) => value;
  const [least, most] = [Math.min(...ends), Math.max(...ends)];
  const width = height(most) - height(least);
  const place = (value) => (width ? 3 + (94 * (height(value) - height(least))) / width : 50);
  return { place, least, most, logarithmic };
}

function dotAndInterval({ mean, low, high }, place) {
  const track = element("div", { class: "track", "aria-hidden": "true" });
  if (low !== null && high !== null) {
    track.append(element("span", { class: "interval", style: `left:${place(low)}%;width:${Math.max(0, place(high) - place(low))}%` }));
  }
  if (mean !== null) track.append(element("span", { class: "dot", style: `left:${place(mean)}%` }));
  return track;
}

function showGroups() {
  const { rows, groups, better, by } = content.conclusion;
  const { place, least, most, logarithmic } = groupScale(rows);
  const row = (group, at) => {
    const only = element("button", { type: "button", title: "Filter the page by this group", onclick: () => filterByGroup(group) }, group.name);
    return element(
      "tr",
      { class: /^(best|compared with)$/.test(group.mark) ? "best" : null },
      element("th", { scope: "row" }, groups > 1 ? only : group.name),
      element("td", { class: "drawn" }, dotAndInterval(group, place)),
      element("td", { class: "number" }, element("b", {}, group.text), element("span", { class: "ends" }, ` ${group.interval}`)),
      element("td", { class: "number count" }, group.n.toLocaleString("en")),
      element("td", { class: "mark" }, at === 0 && group.mark === "best" ? "★ best" : group.mark),
    );
  };
  const ends = element("div", { class: "axis-ends" }, element("span", {}, String(Number(least.toPrecision(3)))), element("span", {}, String(Number(most.toPrecision(3)))));
  const head = [
    element("th", { scope: "col" }, by.map(shortName).join(", ")),
    element("th", { scope: "col", class: "drawn" }, ends),
    element("th", { scope: "col", class: "number" }, "mean, 95 % interval"),
    element("th", { scope: "col", class: "number count" }, "runs"),
    element("th", { scope: "col", class: "mark" }, ""),
  ];
  byId("group-table").replaceChildren(element("thead", {}, element("tr", {}, ...head)), element("tbody", {}, ...rows.map(row)));
  const some = rows.length < groups ? `The best ${rows.length} of ${groups.toLocaleString("en")} groups. ` : "";
  const log = logarithmic ? " Drawn on a logarithmic scale." : "";
  byId("group-note").textContent = `${some}${content.conclusion.runs}; ${better}.${log}`;
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
  if (!column || runs.count < 2) return;
  const sign = content.conclusion.higher ? -1 : 1;
  const status = runs.columns.get("status");
  const known = runs.every.filter((run) => column.numbers[run] !== null && (!status || valueOf(status, run) === "completed"));
  if (!known.length) return;
  const best = known.reduce((a, b) => (sign * (column.numbers[b] - column.numbers[a]) < 0 ? b : a));
  byId("best-run").hidden = false;
  byId("best-run").replaceChildren("Best single run: ", element("a", { href: `#run-${best}` }, `run ${nameOf(best)}`), `, ${numberText(column, column.numbers[best])}.`);
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
