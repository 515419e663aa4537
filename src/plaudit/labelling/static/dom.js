// Elements, made by hand.

/**
 * An element. Of its attributes `on…` are listeners, `html` is markup that the server has sanitised, and null or false
 * is left out; children are elements or text.
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "html") element.innerHTML = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** A key as it stands on a button; nothing on a touch screen, or while shortcuts are off (both by style). */
export const kbd = (key) => h("kbd", { "aria-hidden": "true" }, key);

export const byId = (id) => document.getElementById(id);

export const phone = matchMedia("(max-width: 899.98px)");
