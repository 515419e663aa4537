// A value for each answer: the rows below the answers are all there is.
import { say } from "./config.js";

export class Rate {
  constructor(desk) {
    this.desk = desk;
  }

  immediate = false;
  ask = () => say("judge.ask_rate");
  answer = {};

  /** A digit before any row is in focus is meant for the first that is open. */
  key(name) {
    if (!/^[\djkx]$/.test(name)) return false;
    const open = this.desk.ratings.firstMissing;
    this.desk.ratings.focus(open < 0 ? 0 : open);
    return "jk".includes(name) || this.desk.ratings.key(name);
  }

  bar = () => null;

  get missing() {
    const { missing, any } = this.desk.ratings;
    return missing ? say("judge.need_ratings", { k: missing }) : any ? "" : say("judge.need_one_rating");
  }

  dump = () => null;
  load() {}
  restore() {}
}
