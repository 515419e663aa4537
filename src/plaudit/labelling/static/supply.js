// Questions: the one on the page, the next, which is here already, and how long they stay.
import { post, Refused, Unreachable } from "./api.js";
import { project } from "./config.js";
import { waiting } from "./outbox.js";
import { newerGuidelines } from "./sheets.js";
import { forget, keysOf, store, stored } from "./storage.js";

const AGAIN = 15_000;
const SIGN = Math.min(30_000, project.lease_seconds * 200);
const WARNING = 120;

let ahead = null;
let fetching = null;
const held = new Map();

/** What came with the last question: how many are done and left. */
export let progress = { done: 0, remaining: null };

export function learn(newer) {
  progress = newer;
}

/** Progress as the server counts it; what is still on its way to it counts as done here. */
export function heard(counted) {
  if (!counted) return;
  newerGuidelines(counted.guidelines);
  const left = waiting().length;
  const remaining = counted.remaining === null ? null : Math.max(0, counted.remaining - left);
  learn({ done: counted.done + left, remaining });
}

/** The next question: `{question}`, or `{reason}`, where a connection that is missing counts as one. */
export async function next(besides = []) {
  if (fetching) await fetching;
  const here = ahead;
  ahead = null;
  if (here && !taken(besides).has(here.lease)) return { question: here };
  return ask(besides);
}

/** Whether `next` would answer at once. */
export const ready = (besides = []) => ahead !== null && !taken(besides).has(ahead.lease);

/** Take it out at once, where it is ready. */
export function readyQuestion() {
  const here = ahead;
  ahead = null;
  return here;
}

/** Fetch one question more, to be there before it is needed. `changed` is called when one may have come, or gone. */
export function prefetch(besides, changed) {
  changed();
  if (ahead || fetching) return;
  fetching = ask(besides).then((reply) => {
    ahead = reply.question ?? null;
    fetching = null;
    changed();
  });
}

const taken = (besides) => new Set([...besides, ...waiting().map(({ judgement }) => judgement.lease)]);

async function ask(besides) {
  const mine = taken(besides);
  try {
    const reply = await post("/api/take", { besides: [...mine] });
    // Whether the server has counted a judgement that is on its way nobody knows: the reply to that one tells.
    if (progress.remaining === null || !waiting().length) heard(reply.progress);
    else newerGuidelines(reply.progress?.guidelines);
    if (!reply.question) return { reason: reply.reason, again: AGAIN };
    // The server does not know yet that this one was answered.
    if (mine.has(reply.question.lease)) return { reason: "moment", again: 500 };
    hold(reply.question);
    return { question: reply.question };
  } catch (error) {
    if (error instanceof Refused && error.status === 401) return { reason: "signed-out", again: AGAIN };
    if (error instanceof Unreachable) return { reason: "offline", again: 3_000 };
    return { reason: error.passing ? "busy" : "offline", again: Math.max(2_000, (error.after ?? 0) * 1_000) };
  }
}

/** Another tab has answered this one. Returns whether it was the one that waits here. */
export function dropAhead(lease) {
  if (ahead?.lease !== lease) return false;
  ahead = null;
  return true;
}

// Leases. Only differences of one clock are used: it may be a day off, and may have slept.

function hold(question) {
  if (typeof question.expires_in !== "number") return;
  held.set(question.lease, { until: Date.now() + question.expires_in * 1_000, extended: Date.now() });
}

/** A question is answered, and needs no keeping. */
export function letGo(lease) {
  held.delete(lease);
}

/** How a question stands: "held", "ending" (two minutes before its end) or "ended". */
export function standing(lease) {
  const one = held.get(lease);
  if (!one) return "held";
  const left = (one.until - Date.now()) / 1_000;
  const warning = Math.min(WARNING, project.lease_seconds / 3);
  return left <= 0 ? "ended" : left <= warning ? "ending" : "held";
}

/** A sign of life: what is here is kept for longer. */
export async function alive() {
  for (const [lease, one] of held) {
    // Near its end, at once.
    if (Date.now() - one.extended < (standing(lease) === "ending" ? 2_000 : SIGN)) continue;
    one.extended = Date.now();
    try {
      const { expires_in: left, guidelines } = await post("/api/extend", { lease });
      newerGuidelines(guidelines);
      one.until = left === null ? 0 : Date.now() + left * 1_000;
    } catch {
      // Late work is kept, too.
    }
  }
}

// Leaving: the question that nobody has seen goes back, unless another tab shows it.

const TAB = `tab:${Math.random().toString(36).slice(2)}`;
const beat = () => store(TAB, Date.now());
beat();
setInterval(beat, 20_000);

addEventListener("pagehide", () => {
  forget(TAB);
  const others = keysOf("tab:").filter((key) => Date.now() - (stored(key) ?? 0) < 60_000);
  if (ahead && others.length === 0) {
    post("/api/release", { lease: ahead.lease }, { keepalive: true }).catch(() => {});
    ahead = null;
  }
});
