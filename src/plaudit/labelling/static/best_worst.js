// The best and the worst of several.
import { choiceRow } from "./choices.js";
import { letter, project, say } from "./config.js";
import { h, kbd } from "./dom.js";

export class BestWorst {
  constructor(desk) {
    this.desk = desk;
    this.best = null;
    this.worst = null;
    this.allBad = false;
    this.parts = desk.answers.cards.map((card) => this.dress(card));
  }

  immediate = false;
  ask = () => say("judge.ask_best_worst");

  dress(card) {
    const key = card.place < 9 ? String(card.place + 1) : null;
    if (key) card.head.querySelector(".letter").append(kbd(key));
    const button = (end) =>
      this.desk.answers.button(card, { class: `end ${end}`, "aria-keyshortcuts": key, "aria-label": `${letter(card.place)}: ${say(`choice.${end}`)}` }, () => this.touch(() => this.set(end, card.place)), say(`choice.${end}`));
    return { best: button("best"), worst: button("worst"), card };
  }

  touch(act, byKey = false) {
    if (!this.desk.awake()) return;
    this.allBad = false;
    act();
    this.desk.picked(byKey);
  }

  /** One answer cannot be both; chosen again it is nothing. */
  set(end, place) {
    const other = end === "best" ? "worst" : "best";
    if (this[other] === place) this[other] = null;
    this[end] = this[end] === place ? null : place;
  }

  /** First the best, then the worst; who is chosen again is not. */
  press(place) {
    if (place === this.best) this.best = null;
    else if (place === this.worst) this.worst = null;
    else this[this.best === null ? "best" : "worst"] = place;
  }

  key(name) {
    if (project.both_bad && name === "b") {
      this.setAllBad(true);
      return true;
    }
    const at = this.desk.answers.focused;
    if (name === "j" || name === "k") {
      this.desk.answers.focus(at < 0 ? 0 : at + (name === "j" ? 1 : -1));
      return true;
    }
    if (!/^[1-9]$/.test(name) || Number(name) > this.parts.length) return false;
    this.touch(() => this.press(Number(name) - 1), true);
    return true;
  }

  setAllBad(byKey) {
    if (!this.desk.awake()) return;
    this.allBad = !this.allBad;
    this.desk.picked(byKey);
  }

  draw() {
    this.parts.forEach(({ best, worst, card }) => {
      best.setAttribute("aria-pressed", String(!this.allBad && this.best === card.place));
      worst.setAttribute("aria-pressed", String(!this.allBad && this.worst === card.place));
      card.article.classList.toggle("is-ranked", !this.allBad && this.best === card.place);
      card.article.classList.toggle("is-out", this.allBad || this.worst === card.place);
    });
  }

  bar() {
    const end = (name) => `${say(`choice.${name}`)}: ${this[name] === null ? "–" : letter(this[name])}`;
    const bad = { id: "bad", key: "b", label: say("choice.all_bad"), kind: "bad" };
    return h(
      "div",
      { class: "order-bar" },
      h("p", { class: "order" }, `${end("best")}  ·  ${end("worst")}`),
      project.both_bad ? choiceRow("bad", say("choice.all_bad"), [bad], true, this.allBad ? "bad" : null, (_, byKey) => this.setAllBad(byKey)) : null,
    );
  }

  get missing() {
    if (this.allBad) return "";
    return this.best === null ? say("judge.need_best") : this.worst === null ? say("judge.need_worst") : "";
  }

  get answer() {
    return this.allBad ? { all_bad: true } : { best: this.best, worst: this.worst };
  }

  dump = () => ({ best: this.best, worst: this.worst, bad: this.allBad });

  load({ best, worst, bad }) {
    Object.assign(this, { best, worst, allBad: bad });
  }

  restore(answer) {
    this.load({ best: answer.best ?? null, worst: answer.worst ?? null, bad: answer.all_bad === true });
  }
}
