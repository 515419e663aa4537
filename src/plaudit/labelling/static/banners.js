// Lines at the top that stay until what they say is no longer so.
import { byId, h } from "./dom.js";

const place = byId("banners");
const shown = new Map();

/** Show a line under a name, or take it away with null. The same line twice is shown once. */
export function banner(name, text, { alarm = false, actions = [] } = {}) {
  const before = shown.get(name);
  if (before?.dataset.text === text) return;
  before?.remove();
  shown.delete(name);
  if (text === null) return;
  const line = h("div", { class: `banner ${alarm ? "alarm" : ""}`, role: alarm ? "alert" : "status", "data-text": text }, h("p", {}, text), ...actions);
  shown.set(name, line);
  place.append(line);
}

/** A button or a link in such a line. */
export const action = (label, act, key = null) =>
  typeof act === "string"
    ? h("a", { class: "quiet-button", href: act }, label)
    : h("button", { type: "button", class: "quiet-button", onclick: act }, label, key ? h("kbd", { "aria-hidden": "true" }, key) : null);
