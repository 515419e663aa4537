// A value for each answer on each attribute: rows of native radio buttons, so that arrows and thumbs work by themselves.
import { letter, project, question as asked, say } from "./config.js";
import { h } from "./dom.js";

/** The rows of all cards. */
export class Ratings {
  constructor(answers, onchange) {
    this.onchange = onchange;
    this.rows = answers.cards.flatMap((card) => project.attributes.map((attribute) => this.row(card, attribute)));
    for (const card of answers.cards) {
      const rows = this.rows.filter((row) => row.place === card.place);
      if (rows.length) card.article.append(h("div", { class: "ratings" }, ...rows.map((row) => row.element)));
    }
  }

  row(card, attribute) {
    const row = { place: card.place, attribute, value: undefined, inputs: new Map() };
    const name = `rating-${card.place}-${attribute.name}`;
    const values = [...Array(attribute.high - attribute.low + 1).keys()].map((step) => attribute.low + step);
    const option = (value, label, title) => {
      const input = h("input", { type: "radio", name, "aria-label": title, onchange: () => this.set(row, value) });
      row.inputs.set(value, input);
      return h("label", { class: value === null ? "value none" : "value", title }, input, h("span", { "aria-hidden": "true" }, label));
    };
    row.element = h(
      "fieldset",
      { class: "rating", tabindex: "-1" },
      h("legend", {}, h("span", { class: "unseen" }, say("judge.rate_one", { letter: letter(card.place), attribute: "" })), h("bdi", {}, asked(attribute))),
      h("div", { class: "values" }, ...values.map((value) => option(value, String(value), String(value))), option(null, "–", say("choice.no_value"))),
    );
    return row;
  }

  set(row, value) {
    row.value = value;
    row.inputs.get(value).checked = true;
    this.onchange();
  }

  /** The row in focus, or -1. */
  get current() {
    return this.rows.findIndex((row) => row.element.contains(document.activeElement));
  }

  focus(at) {
    const row = this.rows[Math.max(0, Math.min(this.rows.length - 1, at))];
    row?.element.focus({ preventScroll: true });
    row?.element.scrollIntoView({ block: "nearest" });
  }

  /** The first row without a value, or -1. */
  get firstMissing() {
    return this.rows.findIndex((row) => row.value === undefined);
  }

  get missing() {
    return this.rows.filter((row) => row.value === undefined).length;
  }

  get any() {
    return this.rows.some((row) => typeof row.value === "number");
  }

  /** A key for the row in focus. Where a scale is not all digits, the digits count its values from the left. */
  key(name) {
    const at = this.current;
    if (at < 0) return false;
    const row = this.rows[at];
    if (name === "j" || name === "k") {
      this.focus(at + (name === "j" ? 1 : -1));
      return true;
    }
    if (name === "x") this.set(row, null);
    else if (/^\d$/.test(name) && valueOf(row.attribute, Number(name)) !== null) this.set(row, valueOf(row.attribute, Number(name)));
    else return /^\d$/.test(name);
    this.focus(at + 1);
    return true;
  }

  /** As they are sent. */
  get list() {
    return this.rows
      .filter((row) => typeof row.value === "number")
      .map((row) => ({ response: row.place, attribute: row.attribute.name, value: row.value }));
  }

  /** As a draft keeps them: rows left without a value on purpose, too. */
  dump() {
    return this.rows.map((row) => (row.value === undefined ? "" : row.value));
  }

  load(values) {
    values.forEach((value, at) => value !== "" && this.rows[at]?.inputs.has(value) && this.set(this.rows[at], value));
  }

  /** Of a judgement sent before: what it does not say was left out on purpose. */
  restore(list) {
    for (const row of this.rows) {
      const one = list.find((rating) => rating.response === row.place && rating.attribute === row.attribute.name);
      this.set(row, one ? one.value : null);
    }
  }
}

function valueOf({ low, high }, digit) {
  const value = low >= 0 && low <= 9 ? digit : low + (digit === 0 ? 9 : digit - 1);
  return value >= low && value <= high ? value : null;
}
