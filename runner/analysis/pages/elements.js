"use strict";
// What all pages begin with: their content, and how elements are found and made.

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

