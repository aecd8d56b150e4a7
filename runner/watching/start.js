// Asks again and again; draws only what has changed since. `#NAME` in the address is what is shown.

const HIDDEN_SECONDS = 15; // a page that nobody sees asks seldom
const tags = new Map(); // of each address the answer that is drawn
let [following, latest, timer, asking, again] = [true, null, 0, false, false];
let chosen = "";

// What an address answers; null where that is drawn already.
async function ask(address) {
  const response = await fetch(address);
  if (!response.ok) throw new Error(response.statusText);
  const tag = response.headers.get("ETag");
  if (tags.get(address) === tag) return null;
  const told = await response.json();
  tags.set(address, tag);
  return told;
}

function choose(name) {
  following = false;
  location.hash = encodeURIComponent(name);
}

function readAddress() {
  const name = decodeURIComponent(location.hash.slice(1));
  following = !name;
  setChosen(name || chosen);
  look();
}

function setChosen(name) {
  if (name === chosen) return;
  chosen = name;
  tags.clear();
  for (const each of byId("list").children) each.setAttribute("aria-pressed", String(each.dataset.name === name));
}

async function look() {
  again = asking;
  if (asking) return;
  asking = true;
  clearTimeout(timer);
  let seconds = 2;
  try {
    const told = await ask("/runs");
    if (told) latest = told;
    if (following && latest.runs.length) setChosen(latest.runs[0].name);
    if (told) fillList(latest, chosen);
    if (chosen) {
      const name = chosen;
      const run = await ask(`/run?name=${encodeURIComponent(name)}`);
      if (run && name === chosen) show({ name, ...run });
    }
    seconds = latest.seconds;
  } catch {
    tags.clear();
    say("runner.watch does not answer; it has ended, or this page lost it. Asking on.");
  }
  asking = false;
  document.documentElement.dataset.ready = "true";
  timer = setTimeout(look, again ? 0 : 1000 * (document.hidden ? HIDDEN_SECONDS : seconds));
}

byId("title").textContent = content.root;
addEventListener("hashchange", readAddress);
document.addEventListener("visibilitychange", look);
dark.addEventListener("change", () => { tags.clear(); look(); });
readAddress();
