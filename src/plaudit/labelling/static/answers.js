// The answers side by side: their cards, what folds, plain text, and words that differ.
import { get } from "./api.js";
import { letter, say } from "./config.js";
import { h } from "./dom.js";

/** The cards of one question. `aids` collects which helps were used. */
export class Answers {
  constructor(question, onchange) {
    this.question = question;
    this.onchange = onchange;
    this.aids = new Set();
    this.plain = false;
    this.marked = null;
    this.difference = false;
    this.cards = question.responses.map((response, place) => this.card(response, place));
    this.element = h("div", { class: `answers ${question.mode}` }, ...this.cards.map((card) => card.article));
  }

  card(response, place) {
    const name = say("judge.answer", { letter: letter(place) });
    const text = h("div", { class: "text", dir: "auto", lang: response.lang, html: response.html });
    const head = h("div", { class: "head" }, h("h2", { class: "letter" }, h("span", { class: "unseen" }, name), h("span", { "aria-hidden": "true" }, letter(place))));
    const article = h("article", { class: "answer", "aria-label": name, tabindex: "-1" }, head, text);
    const card = { place, article, head, text, opened: !response.folded, fold: null };
    if (response.folded) this.foldable(card, response.lines);
    return card;
  }

  foldable(card, lines) {
    card.text.classList.add("folded");
    card.fold = h("button", { class: "fold", type: "button", "aria-expanded": "false", onclick: () => this.open(card, !this.isOpen(card)) });
    card.lines = lines;
    card.article.append(card.fold);
    // What is reached by Tab must be seen.
    card.text.addEventListener("focusin", () => this.open(card, true));
    this.open(card, false);
  }

  isOpen(card) {
    return !card.text.classList.contains("folded");
  }

  open(card, yes) {
    card.text.classList.toggle("folded", !yes);
    card.fold.setAttribute("aria-expanded", String(yes));
    card.fold.textContent = yes ? say("judge.show_less") : say("judge.show_all", { k: card.lines });
    if (yes) {
      card.opened = true;
      this.aids.add("unfolded");
    }
    this.onchange();
  }

  /** Whether every answer was opened. */
  get allOpened() {
    return this.cards.every((card) => card.opened);
  }

  /** Whether something can be unfolded, or folded again. */
  get foldables() {
    return this.cards.filter((card) => card.fold);
  }

  /** Unfold all long texts of the page, or fold them if none is folded. */
  toggleFolds(main) {
    const details = [...main.querySelectorAll("details")];
    const yes = details.some((one) => !one.open) || this.foldables.some((card) => !this.isOpen(card));
    details.forEach((one) => (one.open = yes));
    this.foldables.forEach((card) => this.open(card, yes));
  }

  togglePlain() {
    this.plain = !this.plain;
    this.difference = false;
    if (this.plain) this.aids.add("plain");
    this.draw();
  }

  /** Mark the words that only one answer has. Returns false where the answers are too different for that. */
  async toggleDifference() {
    if (!this.difference && !this.marked) {
      const { responses } = await get(`/api/difference/${encodeURIComponent(this.question.lease)}`);
      if (!responses) return false;
      this.marked = responses;
    }
    this.difference = !this.difference;
    this.plain = false;
    if (this.difference) this.aids.add("difference");
    this.draw();
    return true;
  }

  draw() {
    this.cards.forEach((card) => {
      const response = this.question.responses[card.place];
      card.text.innerHTML = this.difference ? this.marked[card.place] : this.plain ? response.plain : response.html;
    });
    this.onchange();
  }

  /** Move the focus to another card. */
  focus(place) {
    const card = this.cards[Math.max(0, Math.min(this.cards.length - 1, place))];
    card.article.focus({ preventScroll: true });
    card.article.scrollIntoView({ block: "nearest" });
  }

  /** The place of the card in focus, or -1. */
  get focused() {
    return this.cards.findIndex((card) => card.article.contains(document.activeElement));
  }

  /** Give every card one button more, in its head. Pointers leave the focus on the card, where Enter sends. */
  button(card, attributes, press, ...children) {
    const click = (event) => {
      press(event);
      if (event.detail > 0) card.article.focus({ preventScroll: true });
    };
    const button = h("button", { type: "button", ...attributes, onclick: click }, ...children);
    card.head.append(button);
    return button;
  }
}
