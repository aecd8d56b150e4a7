// The list of runs and sweeps, and what is shown of one of them. All texts go in as text.

function listed(entry, chosen) {
  const sweep = entry.kind === "sweep";
  const what = sweep ? `sweep, ${entry.done} of ${counted(entry.planned, "job")}${entry.failed ? `, ${entry.failed} failed` : ""}`
    : `${entry.title}${entry.step ? `, step ${entry.step.toLocaleString("en")}` : ""}`;
  const label = [element("span", {}, entry.name), element("span", { class: entry.status }, entry.status), element("span", { class: "what" }, what)];
  if (entry.spark?.length > 1) label.push(spark(entry.spark));
  return element("button", { type: "button", "data-name": entry.name, "aria-pressed": String(entry.name === chosen), onclick: () => choose(entry.name) }, ...label);
}

function fillList({ runs, count, running, there }, chosen) {
  const place = byId("list");
  const focused = document.activeElement?.dataset?.name;
  const scrolled = place.scrollTop;
  place.replaceChildren(...runs.map((entry) => listed(entry, chosen)));
  place.scrollTop = scrolled;
  if (focused !== undefined) [...place.children].find((each) => each.dataset.name === focused)?.focus({ preventScroll: true });
  const more = count > runs.length ? `, of which ${runs.length} are listed` : "";
  say(there ? `${running} of ${count} running${more}.` : `${content.root} is not there yet; waiting for it.`);
}

const say = (text) => { if (byId("state").textContent !== text) byId("state").textContent = text; };

function show(told) {
  const { kind, name, status, error } = told;
  byId("shown").hidden = false;
  byId("name").textContent = name;
  if (kind === "gone") return fadeAway(error);
  byId("log").hidden = !told.log.length;
  const log = byId("log");
  const below = log.scrollTop + log.clientHeight >= log.scrollHeight - 8;
  log.textContent = told.log.join("\n");
  if (below) log.scrollTop = log.scrollHeight;
  const first = element("strong", { class: status }, status);
  byId("summary").replaceChildren(first, ...[told.title, told.step && `step ${told.step.toLocaleString("en")}`, told.started?.slice(0, 19).replace("T", " "), error].filter(Boolean).map((text) => `  ${text}`));
  for (const part of ["progress", "best", "jobs"]) byId(part).hidden = kind !== "sweep";
  if (kind === "sweep") return showSweep(told);
  byId("curves").replaceChildren(...metricCharts(told.curves, told.metric));
  byId("network").hidden = !told.network;
  if (told.network) showNetwork(`${name} ${told.started}`, told.network);
}

function fadeAway(error) {
  byId("summary").textContent = `gone, or not to be read: ${error}`;
  for (const part of ["progress", "best", "jobs", "network", "log"]) byId(part).hidden = true;
  byId("curves").replaceChildren();
}

const jobName = (sweep, job) => (sweep === "." ? `./${job}` : `${sweep}/${job}`);

function showSweep({ name, done, planned, failed, pruned, metric, best, why_none: whyNone, running, dots }) {
  byId("progress").firstElementChild.style.width = `${(100 * done) / Math.max(1, planned)}%`;
  const others = [failed && `${failed} failed`, pruned && `${pruned} pruned`].filter(Boolean);
  byId("summary").append(`  ${done} of ${counted(planned, "job")}${others.length ? `, ${others.join(", ")}` : ""}`);
  byId("best").replaceChildren(...(best ? [
    `Best: ${metric} ${valueText(metric, best.value)} of `,
    element("button", { type: "button", onclick: () => choose(jobName(name, best.job)) }, `#${best.job} ${best.title}`),
  ] : whyNone ? [`Best: none, ${whyNone}`] : []));
  byId("jobs").replaceChildren(...running.map(({ job, title, step, spark: values }) => {
    const text = `#${job} ${title}, step ${step.toLocaleString("en")}`;
    return element("button", { type: "button", onclick: () => choose(jobName(name, job)) }, text, ...(values.length > 1 ? [spark(values)] : []));
  }));
  const lines = [{ label: "", dash: "", colour: palette()[0], values: dots.value }];
  byId("curves").replaceChildren(...(dots.job.length ? [chart(metric, "job", dots.job, lines, true)] : []));
  byId("network").hidden = true;
}
