// What ranking and best-worst share: cards in focus, touches that are not meant for the question before, all bad.
import { choiceRow } from "./choices.js";
import { project, say } from "./config.js";

/** A mode over several cards. Who extends it has `dress(card)`, its buttons, and `action(name)`, what a key does. */
export class Several {
  constructor(desk) {
    this.desk = desk;
    this.allBad = false;
    this.parts = desk.answers.cards.map((card) => this.dress(card));
  }

  immediate = false;

  touch(act, byKey = false) {
    if (!this.desk.awake()) return;
    this.allBad = false;
    act();
    this.desk.picked(byKey);
  }

  toggleAllBad(byKey) {
    if (!this.desk.awake()) return;
    this.allBad = !this.allBad;
    this.desk.picked(byKey);
  }

  key(name) {
    if (project.both_bad && name === "b") {
      this.toggleAllBad(true);
      return true;
    }
    const { answers } = this.desk;
    const at = answers.focused;
    if (name === "j" || name === "k") {
      answers.focus(at < 0 ? 0 : at + (name === "j" ? 1 : -1));
      return true;
    }
    const act = this.action(name, at);
    if (!act) return false;
    this.touch(act, true);
    return true;
  }

  /** The choice that no answer is any good, where the project has it. */
  allBadRow() {
    if (!project.both_bad) return null;
    const bad = { id: "bad", key: "b", label: say("choice.all_bad"), kind: "bad" };
    return choiceRow("bad", say("choice.all_bad"), [bad], true, this.allBad ? "bad" : null, (_, byKey) => this.toggleAllBad(byKey));
  }
}
