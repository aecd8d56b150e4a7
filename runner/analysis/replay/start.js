// Fills the page and connects its parts; `#1000` in the address begins at that step.

function fillHeader() {
  const { trained, end, parameters } = content;
  byId("summary").textContent = `${trained}; ${counted(lastStep, "step")}, ${end}; ${counted(parameters, "parameter")}. ${counted(moments, "moment")}.`;
  byId("notes").append(...content.notes.map((note) => element("p", {}, note)));
}

function beginAt(hash) {
  const step = Number(hash.slice(1));
  if (!hash.slice(1) || Number.isNaN(step)) return;
  go(content.steps.findLastIndex((each) => each <= Math.max(0, step)));
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
