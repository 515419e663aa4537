// The bar at the bottom: choices in the order of their keys, what was just sent, and what can always be done.
import { project, say } from "./config.js";
import { byId, h, kbd } from "./dom.js";

const foot = byId("bar");

/** The bar, built once; only its choices change. */
export class Bar {
  constructor(act) {
    this.status = h("p", { class: "status", role: "status" });
    this.choices = h("div", { class: "choices" });
    this.comment = h("textarea", { id: "comment", rows: "2", maxlength: "4000", dir: "auto", oninput: () => act("noted") });
    this.reasons = project.reasons.map((reason) => ({ reason, input: h("input", { type: "checkbox", value: reason, onchange: () => act("noted") }) }));
    this.panel = h("div", { class: "note-panel", hidden: true }, ...this.notes());
    this.send = h("button", { type: "button", class: "button send", "aria-keyshortcuts": "Enter", onclick: (event) => act("send", event.detail === 0) }, say("judge.send"), kbd("↵"));
    const action = (name, key, words) =>
      h("button", { type: "button", class: "quiet-button", "data-act-bar": name, "aria-keyshortcuts": key, onclick: () => act(name) }, say(words), kbd(key.toUpperCase()));
    this.undo = action("undo", "u", "judge.undo");
    this.note = action("comment", "c", "judge.comment");
    this.note.setAttribute("aria-expanded", "false");
    this.skip = action("skip", "s", "judge.skip");
    const under = h("div", { class: "under" }, this.status, h("div", { class: "actions" }, this.undo, this.note, this.skip));
    foot.replaceChildren(this.panel, h("div", { class: "choose" }, this.choices, this.send), under);
    // What is in focus must not lie below the bar.
    new ResizeObserver(() => document.documentElement.style.setProperty("--bar", `${foot.offsetHeight}px`)).observe(foot);
  }

  notes() {
    const reasons = this.reasons.map(({ reason, input }) => h("label", { class: "chip" }, input, h("span", { dir: "auto" }, reason)));
    return [
      reasons.length ? h("fieldset", { class: "reasons" }, h("legend", {}, say("judge.reasons")), ...reasons) : null,
      h("label", { for: "comment", class: "field-name" }, say("judge.comment_label")),
      this.comment,
    ].filter(Boolean);
  }

  /** Show the choices of a mode, or none. */
  draw(mode, sends) {
    const focused = this.choices.contains(document.activeElement) ? document.activeElement.closest(".choice")?.textContent : null;
    this.choices.replaceChildren(mode?.bar(sends) ?? "");
    this.send.hidden = !mode || sends;
    this.note.hidden = this.skip.hidden = !mode;
    foot.hidden = false;
    if (focused) this.refocus(focused);
  }

  refocus(text) {
    const choice = [...this.choices.querySelectorAll(".choice")].find((one) => one.textContent === text);
    (choice?.querySelector("input") ?? choice)?.focus();
  }

  toggleNotes(open = this.panel.hidden) {
    this.panel.hidden = !open;
    this.note.setAttribute("aria-expanded", String(open));
    if (open) this.comment.focus();
  }

  get comments() {
    return {
      comment: this.comment.value.trim(),
      reasons: this.reasons.filter(({ input }) => input.checked).map(({ reason }) => reason),
    };
  }

  setComments({ comment = "", reasons = [] } = {}) {
    this.comment.value = comment;
    this.reasons.forEach(({ reason, input }) => (input.checked = reasons.includes(reason)));
    this.panel.hidden = !comment && reasons.length === 0;
    this.note.setAttribute("aria-expanded", String(!this.panel.hidden));
  }

  /** How the owner answered, where the choices stood. */
  showFeedback(text, go) {
    const next = h("button", { type: "button", class: "button", onclick: go }, say("judge.next"), kbd("↵"));
    this.choices.replaceChildren(h("div", { class: "answered" }, h("p", {}, text), next));
    this.tell("");
    byId("announce").textContent = text;
    next.focus({ preventScroll: true });
  }

  tell(text) {
    this.status.textContent = text;
  }
}
