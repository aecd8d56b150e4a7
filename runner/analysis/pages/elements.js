"use strict";
// What all pages begin with: their content, and how elements are found and made, and their colours.

const byId = (id) => document.getElementById(id);
const content = JSON.parse(byId("content").textContent);

// An element with attributes (text goes in as text, never as HTML) and children.
function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value !== false && value !== null) made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children);
  return made;
}

const dark = matchMedia("(prefers-color-scheme: dark)");
let printing = false;
const isDark = () => dark.matches && !printing;
const colours = () => COLOURS[isDark() ? "dark" : "light"];
const palette = () => colours().several;

// What a text holds that was compressed: a response, to be read as text or bytes.
function inflated(text) {
  const packed = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  return new Response(new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate")));
}

// Libraries lie in the page compressed, and run once they are unpacked; those who need them wait for that.
const librariesReady = (async () => {
  for (const packed of document.querySelectorAll("script.library")) {
    document.head.append(element("script", {}, await inflated(packed.textContent).text()));
    packed.remove();
  }
})();
