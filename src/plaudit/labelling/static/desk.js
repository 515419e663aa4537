// One question at a time: shown, answered, sent, taken back, and the next one already there.
import { Answers } from "./answers.js";
import { action, banner } from "./banners.js";
import { Bar } from "./bar.js";
import { BestWorst } from "./best_worst.js";
import { project, say } from "./config.js";
import { phone } from "./dom.js";
import { remember, reopen } from "./history.js";
import { send } from "./outbox.js";
import { Pair } from "./pair.js";
import { Rank } from "./rank.js";
import { Rate } from "./rate.js";
import { Ratings } from "./ratings.js";
import { askSkip } from "./sheets.js";
import { spoken } from "./spoken.js";
import { drafts } from "./storage.js";
import * as supply from "./supply.js";
import { Watch } from "./timers.js";
import { markStanding, markTools, paint, paintEnd, paintLoading } from "./view.js";

const MODES = { pair: Pair, rank: Rank, "best-worst": BestWorst, rate: Rate };

export class Desk {
  constructor(shortcuts) {
    this.shortcuts = shortcuts;
    this.bar = new Bar((name, byKey) => this.act(name, byKey));
    this.question = null;
    this.parked = null;
    this.place = -1;
    this.feedback = null;
    this.retry = 0;
    this.waking = 0;
    this.coming = 0;
    phone.addEventListener("change", () => this.redrawBar());
  }

  /** The leases that are in use here. */
  get inUse() {
    return [this.question?.lease, this.parked?.lease].filter(Boolean);
  }

  // --- Showing -----------------------------------------------------------------------------------------------------

  /** On to the next question: the one that was put aside for a correction, or the one that is ready. */
  async advance() {
    clearTimeout(this.retry);
    this.place = -1;
    this.rest();
    const ticket = (this.coming += 1);
    if (this.parked) {
      const parked = this.parked;
      this.parked = null;
      return this.show(parked);
    }
    const here = supply.ready() ? supply.readyQuestion() : null;
    if (here) return this.show(here);
    this.leave();
    const slow = setTimeout(() => this.loading(), 250);
    const reply = await supply.next(this.inUse);
    clearTimeout(slow);
    // Meanwhile somebody may have reopened an earlier one.
    if (ticket !== this.coming) return undefined;
    return reply.question ? this.show(reply.question) : this.end(reply);
  }

  show(question) {
    this.leave();
    this.question = question;
    this.answers = new Answers(question, () => this.toolsChanged());
    this.mode = new (MODES[question.mode] ?? Pair)(this);
    this.ratings = new Ratings(this.answers, () => this.picked(false));
    paint(question, this.mode, this.answers, (name) => this.act(name));
    this.fill(question);
    this.watch = new Watch();
    this.watch.onlife = () => supply.alive();
    this.watch.follow(this.answers.cards.map((card) => card.text));
    scrollTo({ top: 0, behavior: "instant" });
    if (document.activeElement === document.body) document.getElementById("question").focus({ preventScroll: true });
    this.prefetch();
    this.tellProgress();
    this.wake();
  }

  prefetch() {
    supply.prefetch(this.inUse, () => markStanding({ ahead: supply.ready() }));
  }

  // What may be pressed is a fact of the page, `data-ready`: for tools that press for somebody, and for tests.

  /** A press does not count now. */
  rest() {
    clearTimeout(this.waking);
    markStanding({ ready: false });
  }

  /** A press counts: at once where there is no question, else after its first moments. */
  wake() {
    this.rest();
    const still = this.question && !this.feedback ? project.pause_ms - this.watch.age : 0;
    if (still > 0) this.waking = setTimeout(() => this.wake(), still);
    else markStanding({ ready: true });
  }

  /** What was begun before a reload, or what was answered before. */
  fill(question) {
    const draft = drafts.read(question.lease);
    const before = question.previous;
    // Not `picked`, which would send.
    this.filling = true;
    if (draft) {
      this.mode.load(draft.chosen);
      this.ratings.load(draft.ratings);
    } else if (before && before.answer.skip === undefined) {
      this.mode.restore(before.answer);
      this.ratings.restore(before.answer.ratings ?? []);
    }
    this.filling = false;
    this.bar.setComments(draft ?? before ?? {});
    const actions = [action(say("judge.keep"), () => this.advance(), "Esc")];
    banner("revising", before ? say("judge.revising", { what: spoken(before.answer) }) : null, { actions });
    this.redrawBar();
  }

  leave() {
    this.watch?.stop();
    this.question = null;
    this.watch = null;
    banner("lease", null);
    banner("revising", null);
  }

  loading() {
    paintLoading(say("judge.loading"));
    this.bar.draw(null, true);
  }

  /** There is no question: say why, and look again by itself. */
  end({ reason, again }) {
    this.retry = setTimeout(() => this.advance(), again);
    if (reason === "moment") return;
    const { done } = supply.progress;
    const all = done ? say("judge.done_note", { k: done }) : say("judge.done_none");
    const endings = { done: [say("judge.done"), all], waiting: [say("judge.waiting"), say("judge.waiting_note")], paused: [say("judge.paused"), say("judge.paused_note")] };
    const [title, note] = endings[reason] ?? [say("network.no_question"), say("network.trying")];
    paintEnd(title, note, reason === "done" ? null : () => this.advance());
    this.bar.draw(null, true);
    this.tellProgress();
    this.wake();
    if (reason === "signed-out") this.onsignedout?.();
  }

  tellProgress() {
    const { done, remaining } = supply.progress;
    const text = remaining === null ? say("judge.progress_open", { done }) : say("judge.progress", { done, left: remaining });
    document.getElementById("progress").textContent = text;
  }

  redrawBar() {
    if (!this.question || this.feedback) return;
    this.mode.draw?.();
    this.bar.draw(this.mode, this.immediate);
  }

  toolsChanged() {
    if (!this.question || !this.watch) return;
    this.watch.look();
    markTools({ difference: this.answers.difference, plain: this.answers.plain });
  }

  // --- Answering ---------------------------------------------------------------------------------------------------

  /** Whether a press is the answer. With shortcuts off one chooses first, and then sends. */
  get immediate() {
    return this.mode.immediate === true && this.shortcuts();
  }

  /** Whether the question has been there long enough for a press to be meant. */
  awake = () => this.watch !== null && this.watch.age >= project.pause_ms && !this.feedback;

  /** Something was chosen. */
  picked(byKey) {
    if (this.filling || !this.question) return;
    this.byKey = byKey;
    this.keepDraft();
    if (this.immediate) return this.submit(byKey);
    this.redrawBar();
    this.bar.tell(this.lacking() || say("judge.ready"));
  }

  keepDraft() {
    drafts.write(this.question.lease, { chosen: this.mode.dump(), ratings: this.ratings.dump(), ...this.bar.comments });
  }

  /** What is missing before it can be sent, in words. */
  lacking() {
    if (project.require_seen && !this.answers.allOpened) return say("judge.open_all");
    if (this.mode.missing) return this.mode.missing;
    const judged = this.mode.answer.all_bad !== true && project.mode !== "rate";
    return judged && this.ratings.missing ? say("judge.need_ratings", { k: this.ratings.missing }) : "";
  }

  submit(byKey) {
    if (!this.question || !this.awake()) return;
    const lacking = this.lacking();
    if (lacking) {
      this.bar.tell(lacking);
      if (this.immediate) this.mode.load(null);
      return this.redrawBar();
    }
    const ratings = this.ratings.list;
    this.deliver({ ...this.mode.answer, ...(ratings.length ? { ratings } : {}) }, byKey ?? this.byKey);
  }

  async deliver(answer, byKey) {
    const { question, watch } = this;
    const comments = this.bar.comments;
    const { seen, ...seconds } = watch.read();
    const how = { seen, aids: [...this.answers.aids], by_key: Boolean(byKey), device: phone.matches ? "phone" : "desktop", locale: project.locale };
    const reply = send({ lease: question.lease, answer, ...comments, ...seconds, how });
    const change = question.previous !== null && question.previous !== undefined;
    drafts.drop(question.lease);
    supply.letGo(question.lease);
    remember(question, { answer, ...comments });
    if (!change) supply.learn({ done: supply.progress.done + 1, remaining: supply.progress.remaining && supply.progress.remaining - 1 });
    if (question.training && !change) return this.awaitFeedback(reply);
    const key = change ? "judge.changed" : this.shortcuts() && !phone.matches ? "judge.to_undo" : "judge.sent";
    this.bar.tell(say(key, { what: spoken(answer) }));
    return this.advance();
  }

  /** A question for practice: show how the owner answered, before the next. Without a connection, go on. */
  async awaitFeedback(reply) {
    this.feedback = { waiting: true };
    this.rest();
    this.bar.draw(null, true);
    const patience = new Promise((resolve) => setTimeout(resolve, 5_000, null));
    const feedback = (await Promise.race([reply, patience]))?.feedback;
    const go = () => {
      this.feedback = null;
      this.advance();
    };
    if (!feedback) return go();
    const what = feedback.answer ? spoken(feedback.answer) : "";
    const key = { passed: "judge.passed", failed: "judge.failed" }[feedback.result] ?? "judge.not_comparable";
    this.feedback = { go };
    this.bar.showFeedback(say(key, { what }), go);
    this.wake();
    return undefined;
  }

  skip() {
    if (this.question && this.awake()) askSkip((reason, byKey) => this.question && this.deliver({ skip: reason }, byKey));
  }

  // --- Back and forward --------------------------------------------------------------------------------------------

  /** Reopen one of one's last judgements; the question that was open waits. Place -1 is that question. */
  async travel(place, otherwise) {
    if (this.feedback?.waiting) return;
    this.feedback?.go();
    if (place < 0) return this.place >= 0 ? this.advance() : undefined;
    const ticket = (this.coming += 1);
    this.rest();
    let question = null;
    try {
      question = await reopen(place);
    } catch {
      otherwise = say("network.no_question");
    }
    if (ticket !== this.coming) return;
    if (!question) {
      this.bar.tell(otherwise);
      return this.question ? this.wake() : this.advance();
    }
    clearTimeout(this.retry);
    if (this.place < 0 && this.question) this.parked = this.question;
    this.place = place;
    this.bar.tell("");
    this.show(question);
  }

  /** Another tab answered this one. */
  answeredElsewhere(lease) {
    if (supply.dropAhead(lease)) this.prefetch();
    if (this.parked?.lease === lease) this.parked = null;
    if (this.question?.lease !== lease || this.question.previous) return;
    this.bar.tell(say("judge.elsewhere"));
    this.advance();
  }

  /** Warn before a question goes to somebody else. */
  checkLease() {
    if (!this.question) return;
    const standing = this.question.previous ? "held" : supply.standing(this.question.lease);
    const words = { held: null, ending: say("judge.expires"), ended: say("judge.expired") };
    banner("lease", words[standing]);
  }

  // --- What keys and buttons do ------------------------------------------------------------------------------------

  async act(name, byKey) {
    if (name === "undo") return this.travel(this.place + 1, say(this.place < 0 ? "judge.nothing_to_undo" : "judge.oldest"));
    if (name === "back") return this.travel(this.place + 1, say("judge.oldest"));
    if (name === "forward") return this.travel(this.place - 1, "");
    if (!this.question || this.feedback) return undefined;
    if (name === "send") return this.submit(byKey);
    if (name === "skip") return this.skip();
    if (name === "comment") return this.bar.toggleNotes(byKey ? true : undefined);
    if (name === "noted") return this.keepDraft();
    if (name === "plain") return this.answers.togglePlain();
    if (name === "unfold") return this.answers.toggleFolds(document.getElementById("question"));
    if (name === "difference" && this.question.mode === "pair") return this.differ();
    return undefined;
  }

  async differ() {
    try {
      if (!(await this.answers.toggleDifference())) this.bar.tell(say("judge.too_different"));
    } catch {
      this.bar.tell(say("network.offline"));
    }
  }
}
