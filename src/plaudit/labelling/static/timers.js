// How long a question was open and worked at, and how much of each answer passed through the window.

const IDLE = 15_000;
const SIGNS = ["keydown", "pointerdown", "pointermove", "wheel", "touchmove", "scroll"];

/** Clock and eyes of one question. */
export class Watch {
  constructor() {
    this.opened = performance.now();
    this.last = this.opened;
    this.active = 0;
    this.texts = [];
    this.seen = [];
    this.frame = 0;
    this.onlife = () => {};
    this.sign = () => this.life();
    this.look = () => (this.frame ||= requestAnimationFrame(() => ((this.frame = 0), this.measure())));
    SIGNS.forEach((name) => addEventListener(name, this.sign, { passive: true, capture: true }));
    ["scroll", "resize"].forEach((name) => addEventListener(name, this.look, { passive: true }));
  }

  /** Milliseconds since the question was painted. */
  get age() {
    return performance.now() - this.opened;
  }

  life() {
    const now = performance.now();
    if (document.visibilityState === "visible") this.active += Math.min(now - this.last, IDLE);
    this.last = now;
    this.onlife();
  }

  /** Whose passing is measured. */
  follow(texts) {
    this.texts = texts;
    this.seen = texts.map(() => 0);
    this.look();
  }

  measure() {
    const bottom = innerHeight - (document.getElementById("bar")?.offsetHeight ?? 0);
    this.texts.forEach((text, place) => {
      const box = text.getBoundingClientRect();
      const height = text.classList.contains("folded") ? text.scrollHeight : box.height;
      const share = (Math.min(bottom, box.bottom) - box.top) / Math.max(1, height);
      this.seen[place] = Math.max(this.seen[place], Math.min(1, Math.max(0, share)));
    });
  }

  /** As it is sent. */
  read() {
    this.life();
    this.measure();
    const seconds = (milliseconds) => Math.round(milliseconds / 100) / 10;
    return {
      seconds_active: seconds(Math.min(this.active, this.age)),
      seconds_open: seconds(this.age),
      seen: this.seen.map((share) => Math.round(share * 100) / 100),
    };
  }

  stop() {
    cancelAnimationFrame(this.frame);
    SIGNS.forEach((name) => removeEventListener(name, this.sign, { capture: true }));
    ["scroll", "resize"].forEach((name) => removeEventListener(name, this.look));
  }
}
