// Fills the page and connects its parts; `#1000` in the address begins at that step.

function fillHeader() {
  const { trained, end, parameters } = content;
  byId("summary").textContent = `${trained}; ${counted(lastStep, "step")}, ${end}; ${counted(parameters, "parameter")}. ${counted(moments, "moment")}.`;
  byId("notes").append(...content.notes.map((note) => element("p", {}, note)));
}

function beginAt(hash) {
  const asked = hash.slice(1);
  if (!asked) return;
  const step = Number(asked);
  if (Number.isNaN(step) || step < 0) return tellAsked(`#${asked} at the end of the address is no step; such is #${lastStep}.`);
  const moment = content.steps.findLastIndex((each) => each <= step);
  const shown = `step ${whole(content.steps[moment])}`;
  go(moment);
  if (step > lastStep) tellAsked(`The address asks for step ${whole(step)}; the training ended at ${shown}.`);
  else if (step !== content.steps[moment]) tellAsked(`Step ${whole(step)}, which the address asks for, is between two moments; this is the one before it, ${shown}.`);
}

function tellAsked(text) {
  byId("asked").textContent = text;
  byId("asked").hidden = false;
}

async function begin() {
  await readArrays();
  chooseColours();
  fillHeader();
  connectPlayer();
  connectNow();
  connectPlane();
  connectCurve();
  connectNet();
  connectSamples();
  connectLayers();
  connectFirst();
  beginAt(location.hash);
  addEventListener("hashchange", () => beginAt(location.hash));
  drawStale();
  document.documentElement.dataset.ready = "true";
}

begin();
