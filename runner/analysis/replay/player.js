// The moment that is shown, and what moves it: slider, keys, playing.

const MOMENTS_A_SECOND = 10;
const NEAR = 10; // moments, with shift

const panels = []; // each with its element and how it is drawn
const now = { moment: moments - 1, sample: 0, playing: false, since: 0 };
const shown = new WeakMap(); // by element whether it is in view
let waiting = false;

// A panel is drawn when the moment changes and it is in view.
function addPanel(place, draw) {
  const panel = { place, draw, stale: true };
  panels.push(panel);
  shown.set(place, true);
  inView.observe(place);
}

const inView = new IntersectionObserver((entries) => {
  for (const entry of entries) shown.set(entry.target, entry.isIntersecting);
  refresh();
}, { rootMargin: "100px" });

function refresh() {
  if (waiting) return;
  waiting = true;
  requestAnimationFrame(drawStale);
}

function drawStale() {
  waiting = false;
  for (const panel of panels) {
    if (!panel.stale || !(shown.get(panel.place) || printing)) continue;
    panel.stale = false;
    panel.draw(now.moment);
  }
}

function everythingStale() {
  for (const panel of panels) panel.stale = true;
  refresh();
}

function go(moment) {
  byId("asked").hidden = true;
  const next = Math.max(0, Math.min(moments - 1, moment));
  if (next === now.moment) return;
  now.moment = next;
  everythingStale();
}

function showPlace(moment) {
  const step = content.steps[moment];
  byId("moment").value = moment;
  byId("moment").setAttribute("aria-valuetext", `step ${whole(step)}`);
  byId("where").textContent = `step ${whole(step)}`;
}

function setPlaying(playing) {
  if (playing && now.moment === moments - 1) go(0);
  now.playing = playing;
  byId("play").classList.toggle("playing", playing);
  byId("play").setAttribute("aria-label", playing ? "Pause" : "Play");
  if (!playing) return;
  now.since = performance.now();
  requestAnimationFrame(playOn);
}

function playOn(time) {
  if (!now.playing) return;
  const each = 1000 / (MOMENTS_A_SECOND * Number(byId("speed").value));
  const due = Math.floor((time - now.since) / each);
  if (due > 0) {
    now.since += due * each;
    go(now.moment + due);
    if (now.moment === moments - 1) setPlaying(false);
  }
  requestAnimationFrame(playOn);
}

function pressed(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const at = event.target;
  if (at instanceof HTMLSelectElement) return;
  const far = event.shiftKey ? NEAR : 1;
  const moves = {
    ArrowLeft: () => go(now.moment - far),
    ArrowRight: () => go(now.moment + far),
    Home: () => go(0),
    End: () => go(moments - 1),
    " ": () => setPlaying(!now.playing),
  };
  const move = moves[event.key];
  if (!move || (event.key === " " && at instanceof HTMLButtonElement)) return;
  event.preventDefault();
  if (event.key !== " ") setPlaying(false);
  move();
}

function connectPlayer() {
  for (const id of ["play", "track", "speeds", "curve"]) byId(id).hidden = moments === 1; // of one moment a picture
  byId("moment").max = moments - 1;
  byId("moment").addEventListener("input", (event) => { setPlaying(false); go(Number(event.target.value)); });
  byId("play").addEventListener("click", () => setPlaying(!now.playing));
  addEventListener("keydown", pressed);
  const recolour = () => { chooseColours(); legends.forEach((write) => write()); everythingStale(); };
  const onPaper = (is) => {
    printing = is;
    document.body.classList.toggle("on-paper", is);
    recolour();
  };
  dark.addEventListener("change", recolour);
  // Drawn as wide as paper is: by the time that the browser lays paper out it is too late to draw.
  addEventListener("beforeprint", () => { onPaper(true); drawStale(); });
  addEventListener("afterprint", () => onPaper(false));
  new ResizeObserver(everythingStale).observe(byId("main"));
  addPanel(byId("player"), showPlace);
}

const legends = []; // what writes them, in the colours of the paper
function legend(section, parts) {
  const write = () => byId(section).querySelector(".legend").replaceChildren(...parts().flat());
  legends.push(write);
  write();
}

// What is under the pointer, in words beside it.
function showHint(event, text) {
  const hint = byId("hint");
  hint.hidden = !text;
  if (!text) return;
  hint.textContent = text;
  const { width, height } = hint.getBoundingClientRect();
  hint.style.left = `${Math.min(event.clientX + 12, innerWidth - width - 6)}px`;
  hint.style.top = `${event.clientY + height + 24 > innerHeight ? event.clientY - height - 10 : event.clientY + 16}px`;
}

function hintOver(canvas, tell) {
  const move = (event) => {
    const box = canvas.getBoundingClientRect();
    showHint(event, tell(event.clientX - box.left, event.clientY - box.top));
  };
  canvas.addEventListener("pointermove", move);
  canvas.addEventListener("pointerdown", move);
  canvas.addEventListener("pointerleave", (event) => showHint(event, ""));
}
