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

// After Okabe and Ito 2008: told apart by colour-blind people; brighter ones on dark paper.
const PALETTES = {
  light: ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#1A1A1A", "#56B4E9", "#6B3E00", "#7A5CFF"],
  dark: ["#56B4E9", "#E8702A", "#2BC59B", "#D070A8", "#FFFFFF", "#F0E442", "#9A4A3A", "#7B61FF"],
};

const dark = matchMedia("(prefers-color-scheme: dark)");
let printing = false;
const isDark = () => dark.matches && !printing;
const palette = () => PALETTES[isDark() ? "dark" : "light"];
