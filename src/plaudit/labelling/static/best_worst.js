// The best and the worst of several.
import { letter, say } from "./config.js";
import { h, kbd } from "./dom.js";
import { Several } from "./several.js";

export class BestWorst extends Several {
  best = null;
  worst = null;
  ask = () => say("judge.ask_best_worst");

  dress(card) {
    const key = card.place < 9 ? String(card.place + 1) : null;
    if (key) card.head.querySelector(".letter").append(kbd(key));
    const button = (end) =>
      this.desk.answers.button(card, { class: `end ${end}`, "aria-keyshortcuts": key, "aria-label": `${letter(card.place)}: ${say(`choice.${end}`)}` }, () => this.touch(() => this.set(end, card.place)), say(`choice.${end}`));
    return { best: button("best"), worst: button("worst"), card };
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

  action(name) {
    return /^[1-9]$/.test(name) && Number(name) <= this.parts.length ? () => this.press(Number(name) - 1) : null;
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
    return h("div", { class: "order-bar" }, h("p", { class: "order" }, `${end("best")}  ·  ${end("worst")}`), this.allBadRow());
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
