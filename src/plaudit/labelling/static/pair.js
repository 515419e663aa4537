// Which of two is better, and by how much.
import { choiceRow } from "./choices.js";
import { letter, project, say } from "./config.js";
import { h, phone } from "./dom.js";

const LEVELS = { 2: ["slightly", "clearly"], 3: ["slightly", "clearly", "much"] };
export const levelsOf = () => LEVELS[project.strength] ?? [];

/** A side as an id: "a", or with its strength "a3". */
const idOf = (side, level) => `${side === 0 ? "a" : "b"}${level ?? ""}`;

export class Pair {
  constructor(desk) {
    this.desk = desk;
    this.chosen = null;
    this.side = null;
    this.byId = new Map();
    this.options().forEach((option) => this.byId.set(option.key, option.id));
  }

  ask = () => say("judge.ask_pair");

  /** One press answers, unless more is asked. */
  get immediate() {
    return project.attributes.length === 0;
  }

  /** All choices in the order of their keys. */
  options() {
    const levels = levelsOf();
    const keyed = [...levels].reverse();
    const left = keyed.length ? keyed.map((name, at) => this.option(0, levels.length - at, name, String(at + 1))) : [this.option(0, null, null, "1")];
    const right = levels.length ? levels.map((name, at) => this.option(1, at + 1, name, String(levels.length + 2 + at))) : [this.option(1, null, null, "2")];
    const tie = { id: "tie", key: levels.length ? String(levels.length + 1) : "0", label: say("choice.tie"), kind: "tie" };
    return [...left, ...(project.ties ? [tie] : []), ...right];
  }

  option(side, level, name, key) {
    const label = name ? `${letter(side)} ${say(`choice.${name}`)}` : say("judge.one_better", { letter: letter(side) });
    return { id: idOf(side, level), key, label, kind: `side-${side === 0 ? "a" : "b"} level-${level ?? 0}` };
  }

  bar(sends) {
    const pick = (id, byKey) => this.pick(id, byKey);
    const rows = [];
    if (levelsOf().length && phone.matches) rows.push(...this.thumbRows(sends, pick));
    else rows.push(choiceRow("scale", this.ask(), this.options(), sends, this.chosen, pick));
    if (project.both_bad) rows.push(choiceRow("bad", say("choice.both_bad"), [{ id: "bad", key: "b", label: say("choice.both_bad"), kind: "bad" }], sends, this.chosen, pick));
    return h("div", { class: "pair-bar" }, ...rows);
  }

  /** On a phone a side is chosen first; how much opens above it. */
  thumbRows(sends, pick) {
    const sides = [0, 1].map((side) => ({ id: `side${side}`, label: say("judge.one_better", { letter: letter(side) }), kind: `side-${side ? "b" : "a"}` }));
    const tie = project.ties ? [{ id: "tie", label: say("choice.tie"), kind: "tie" }] : [];
    const chosen = this.side === null ? this.chosen : `side${this.side}`;
    const choose = (id, byKey) => (id.startsWith("side") ? this.openSide(Number(id.at(-1))) : pick(id, byKey));
    const row = choiceRow("sides", this.ask(), [sides[0], ...tie, sides[1]], sends, chosen, choose);
    if (this.side === null) return [row];
    const levels = levelsOf().map((name, at) => ({ id: idOf(this.side, at + 1), label: say(`choice.${name}`), kind: `side-${this.side ? "b" : "a"} level-${at + 1}` }));
    return [choiceRow("levels", say("choice.how_much", { letter: letter(this.side) }), levels, sends, this.chosen, pick), row];
  }

  openSide(side) {
    if (!this.desk.awake()) return;
    this.side = side;
    this.desk.redrawBar();
  }

  pick(id, byKey) {
    if (!this.desk.awake()) return;
    this.chosen = id;
    if (id === "tie" || id === "bad") this.side = null;
    this.desk.picked(byKey);
  }

  key(name) {
    const id = this.byId.get(name) ?? (project.ties && "0=".includes(name) ? "tie" : project.both_bad && name === "b" ? "bad" : null);
    if (id === null) return false;
    this.pick(id, true);
    return true;
  }

  get missing() {
    return this.chosen === null ? say("judge.need_choice") : "";
  }

  get answer() {
    if (this.chosen === "bad") return { all_bad: true };
    if (this.chosen === "tie") return { tiers: [[0, 1]] };
    const tiers = this.chosen[0] === "a" ? [[0], [1]] : [[1], [0]];
    return { tiers, ...(this.chosen.length > 1 ? { strength: Number(this.chosen[1]) } : {}) };
  }

  dump = () => this.chosen;

  load(chosen) {
    this.chosen = chosen;
    this.side = chosen && "ab".includes(chosen[0]) && chosen.length === 2 ? Number(chosen[0] === "b") : null;
  }

  restore(answer) {
    if (answer.all_bad) this.load("bad");
    else if (answer.tiers) this.load(answer.tiers.length === 1 ? "tie" : idOf(answer.tiers[0][0], answer.strength));
  }
}
