// An order of several answers, the best first. It begins with nothing ranked: an order nobody touched is no answer.
import { letter, project, say } from "./config.js";
import { h } from "./dom.js";
import { Several } from "./several.js";

const OUT = "out";

export class Rank extends Several {
  constructor(desk) {
    super(desk);
    this.ranks = desk.answers.cards.map(() => null);
  }

  ask = () => say("judge.ask_rank");

  /** Every card's buttons: its place, up, down, tie with the one above, leave out. */
  dress(card) {
    const named = { letter: letter(card.place) };
    const tool = (className, key, shortcut, act, sign) =>
      this.desk.answers.button(card, { class: `tool ${className}`, "aria-label": say(key, named), title: say(key, named), "aria-keyshortcuts": shortcut }, () => this.touch(() => act(card.place)), h("span", { "aria-hidden": "true" }, sign));
    const place = this.desk.answers.button(card, { class: "place" }, () => this.touch(() => this.tap(card.place)));
    tool("up", "choice.up", "Alt+ArrowUp", (at) => this.move(at, -1), "▲");
    tool("down", "choice.down", "Alt+ArrowDown", (at) => this.move(at, 1), "▼");
    if (project.ties) tool("tie", "choice.tie_above", "t", (at) => this.tieAbove(at), "=");
    const out = tool("out", "choice.leave_out", "x", (at) => this.leaveOut(at), "✕");
    return { place, out, card };
  }

  /** Tiers as places, the best first. */
  get tiers() {
    const ranked = [...new Set(this.ranks.filter((rank) => typeof rank === "number"))].sort((a, b) => a - b);
    return ranked.map((rank) => this.ranks.flatMap((other, place) => (other === rank ? [place] : [])));
  }

  set tiers(tiers) {
    this.ranks = this.ranks.map((rank) => (typeof rank === "number" ? null : rank));
    tiers.filter((tier) => tier.length).forEach((tier, at) => tier.forEach((place) => (this.ranks[place] = at + 1)));
  }

  tap(place) {
    if (typeof this.ranks[place] === "number") {
      this.ranks[place] = null;
      this.tiers = this.tiers;
    } else {
      this.ranks[place] = Math.max(0, ...this.ranks.filter((rank) => typeof rank === "number")) + 1;
    }
  }

  leaveOut(place) {
    const back = this.ranks[place] === OUT;
    this.ranks[place] = null;
    this.tiers = this.tiers;
    this.ranks[place] = back ? null : OUT;
  }

  move(place, by) {
    if (typeof this.ranks[place] !== "number") return this.tap(place);
    const tiers = this.tiers;
    const at = tiers.findIndex((tier) => tier.includes(place));
    if (tiers[at].length > 1) {
      tiers[at] = tiers[at].filter((other) => other !== place);
      tiers.splice(by < 0 ? at : at + 1, 0, [place]);
    } else if (tiers[at + by]) {
      [tiers[at], tiers[at + by]] = [tiers[at + by], tiers[at]];
    }
    this.tiers = tiers;
  }

  tieAbove(place) {
    const tiers = this.tiers;
    const at = tiers.findIndex((tier) => tier.includes(place));
    if (at === 0 || (at < 0 && tiers.length === 0)) return;
    if (at < 0) tiers.at(-1).push(place);
    else tiers.splice(at - 1, 2, [...tiers[at - 1], ...tiers[at]]);
    this.ranks[place] = 0;
    this.tiers = tiers;
  }

  /** A rank by its digit. Without ties, whoever had it makes room. */
  give(place, rank) {
    this.ranks[place] = null;
    if (!project.ties && this.ranks.includes(rank)) {
      this.ranks = this.ranks.map((other) => (typeof other === "number" && other >= rank ? other + 1 : other));
    }
    this.ranks[place] = rank;
  }

  /** What a key does to the answer in focus; to the first, which gets it, where none is. */
  action(name, focused) {
    const act = this.actionOn(Math.max(0, focused), name);
    if (act && focused < 0) this.desk.answers.focus(0);
    return act;
  }

  actionOn(place, name) {
    if (/^[1-9]$/.test(name)) return Number(name) <= this.ranks.length ? () => this.give(place, Number(name)) : null;
    if (name === "Alt+ArrowUp") return () => this.move(place, -1);
    if (name === "Alt+ArrowDown") return () => this.move(place, 1);
    if (name === "t" && project.ties) return () => this.tieAbove(place);
    if (name === "x") return () => this.leaveOut(place);
    return null;
  }

  /** What the cards show of it. */
  draw() {
    const tiers = this.tiers;
    this.parts.forEach(({ place: button, out, card }) => {
      const rank = this.ranks[card.place];
      const at = tiers.findIndex((tier) => tier.includes(card.place));
      const text = rank === OUT ? say("choice.out") : at < 0 ? say("choice.rank_next") : say("choice.place", { k: at + 1 });
      button.textContent = `${text}${at >= 0 && tiers[at].length > 1 ? " =" : ""}`;
      button.setAttribute("aria-pressed", String(at >= 0));
      button.setAttribute("aria-label", `${letter(card.place)}: ${button.textContent}`);
      out.setAttribute("aria-pressed", String(rank === OUT));
      card.article.classList.toggle("is-ranked", at >= 0 && !this.allBad);
      card.article.classList.toggle("is-out", rank === OUT || this.allBad);
    });
  }

  bar() {
    const order = this.tiers.map((tier) => tier.map(letter).join(" = ")).join(" › ");
    const out = this.ranks.flatMap((rank, place) => (rank === OUT ? [letter(place)] : []));
    const text = [order || say("judge.none_ranked"), out.length ? `${say("judge.left_out")}: ${out.join(", ")}` : ""].filter(Boolean).join(" · ");
    return h("div", { class: "order-bar" }, h("p", { class: "order" }, h("span", { class: "quiet" }, `${say("judge.order")} `), text), this.allBadRow());
  }

  get missing() {
    if (this.allBad) return "";
    const open = this.ranks.flatMap((rank, place) => (rank === null ? [letter(place)] : []));
    if (open.length) return say("judge.rank_missing", { letters: open.join(", ") });
    return this.ranks.filter((rank) => rank !== OUT).length < 2 ? say("judge.rank_two") : "";
  }

  get answer() {
    return this.allBad ? { all_bad: true } : { tiers: this.tiers };
  }

  dump = () => ({ ranks: this.ranks, bad: this.allBad });

  load({ ranks, bad }) {
    if (ranks.length === this.ranks.length) this.ranks = ranks;
    this.allBad = bad;
  }

  restore(answer) {
    this.allBad = answer.all_bad === true;
    if (!answer.tiers) return;
    this.ranks = this.ranks.map(() => OUT);
    answer.tiers.forEach((tier, at) => tier.forEach((place) => (this.ranks[place] = at + 1)));
  }
}
