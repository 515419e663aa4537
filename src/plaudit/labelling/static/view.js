// The question on the page: prompt, what all answers share, tools, the answers.
import { conversation } from "./conversation.js";
import { say } from "./config.js";
import { byId, h, kbd } from "./dom.js";

const main = byId("question");

/** Paint a question. `act(name)` is what its tools do. */
export function paint(question, mode, answers, act) {
  const parts = [
    question.training ? h("p", { class: "banner" }, say("judge.training")) : null,
    block("prompt", say("judge.prompt"), conversation(question.prompt)),
    question.opening?.length ? block("opening", say("judge.opening"), conversation(question.opening)) : null,
    h(
      "div",
      { class: "tools" },
      h("h1", { class: "asked" }, mode.ask()),
      h(
        "div",
        { class: "tool-row" },
        question.mode === "pair" ? tool("difference", "d", "judge.difference", act) : null,
        tool("plain", "m", "judge.plain", act),
        foldsAnything(question, answers) ? tool("unfold", "f", "judge.unfold", act) : null,
      ),
    ),
    h("section", { "aria-label": say("judge.answers") }, answers.element),
  ];
  main.replaceChildren(...parts.filter(Boolean));
}

const foldsAnything = (question, answers) =>
  answers.foldables.length > 0 || [...question.prompt, ...(question.opening ?? [])].some((turn) => turn.folded);

function block(name, title, children) {
  return h("section", { class: name, "aria-label": title }, h("h2", { class: "label" }, title), ...children);
}

function tool(name, key, words, act) {
  const press = (event) => {
    act(name);
    if (event.detail > 0) event.currentTarget.blur();
  };
  const presses = name === "unfold" ? {} : { "aria-pressed": "false" };
  return h("button", { type: "button", class: "quiet-button", "data-tool": name, "aria-keyshortcuts": key, ...presses, onclick: press }, say(words), kbd(key.toUpperCase()));
}

/** Show which tools are on. */
export function markTools(states) {
  for (const [name, on] of Object.entries(states)) {
    main.querySelector(`[data-tool="${name}"]`)?.setAttribute("aria-pressed", String(on));
  }
}

/** Say how the page stands: whether a press counts (`data-ready`), whether the next question is here (`data-ahead`). */
export function markStanding(states) {
  for (const [name, on] of Object.entries(states)) main.toggleAttribute(`data-${name}`, on);
}

/** A question is on its way. */
export const paintLoading = (text) => main.replaceChildren(h("p", { class: "quiet loading" }, text));

/** A page without a question. */
export function paintEnd(title, note, again) {
  const button = again ? h("button", { type: "button", class: "button", onclick: again }, say("judge.look_again")) : null;
  main.replaceChildren(h("div", { class: "end-page" }, h("h1", {}, title), h("p", { class: "lead" }, note), button ?? ""));
}
