// Choices of which one is taken: buttons, where the first press is the answer; radio buttons, where it is sent apart.
import { h, kbd } from "./dom.js";

/**
 * A row of choices.
 *
 * Args: options as `{id, key, label, kind}`; `sends`: whether a press is the answer; `pick(id, byKey)`.
 */
export function choiceRow(name, label, options, sends, chosen, pick) {
  const row = h("div", { class: `choice-row ${name}`, role: sends ? "group" : "radiogroup", "aria-label": label });
  for (const option of options) row.append(sends ? button(option, chosen, pick) : radio(name, option, chosen, pick));
  return row;
}

function button({ id, key, label, kind }, chosen, pick) {
  return h(
    "button",
    {
      type: "button",
      class: `choice ${kind ?? ""}`,
      "aria-keyshortcuts": key,
      "aria-pressed": String(chosen === id),
      onclick: (event) => pick(id, event.detail === 0),
    },
    key ? kbd(key.toUpperCase()) : null,
    h("span", {}, label),
  );
}

function radio(name, { id, key, label, kind }, chosen, pick) {
  const input = h("input", { type: "radio", name, "aria-keyshortcuts": key, onclick: (event) => pick(id, event.detail === 0), onchange: () => pick(id, true) });
  input.checked = chosen === id;
  return h("label", { class: `choice ${kind ?? ""}` }, input, key ? kbd(key.toUpperCase()) : null, h("span", {}, label));
}
