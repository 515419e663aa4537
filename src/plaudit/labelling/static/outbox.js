// Judgements on their way: each is kept until the server has it, over lost connections, reloads and closed tabs.
//
// Every judgement has a name of its own in the storage, so two tabs never write over each other; each also has an id
// made here (`client_id`), so that sending it twice, from two tabs or after a lost reply, is one judgement.
import { post, Refused, Unreachable } from "./api.js";
import { project } from "./config.js";
import { changedBelow, forget, keysOf, store, stored } from "./storage.js";

const MINE = `${project.name}:${project.person.name}:`;
const WAITING = `outbox:${MINE}`;
const REFUSED = `refused:${MINE}`;
const LONGEST_PAUSE = 30_000;

const listeners = new Set();
const replies = new Map();
// What the storage did not take, by name.
const unkept = new Map();
let pause = 1_000;
let timer = 0;
let sending = false;
let count = 0;

/** Why nothing goes out: null, "offline", "signed-out" or "busy". */
export let trouble = null;

/** Be told when anything changes: judgements waiting, trouble, or an answer given in another tab. */
export function watch(listener) {
  listeners.add(listener);
}

const changed = (what = {}) => listeners.forEach((listener) => listener(what));

/** Judgements that the server does not have yet, in the order in which they were made. */
export function waiting() {
  const names = [...new Set([...keysOf(WAITING), ...unkept.keys()])].sort();
  return names.map((name) => ({ name, judgement: unkept.get(name) ?? stored(name) })).filter((one) => one.judgement);
}

/** Judgements that the server will not take, with its reasons. */
export function refused() {
  return keysOf(REFUSED).map((name) => ({ name, why: stored(name)?.why ?? "" }));
}

export function discardRefused() {
  refused().forEach(({ name }) => forget(name));
  changed();
}

/** Send a judgement, now or when it can be. Returns a promise of the server's reply, for who wants to wait. */
export function send(judgement) {
  const body = { ...judgement, client_id: newId() };
  count += 1;
  const name = `${WAITING}${String(Date.now()).padStart(15, "0")}-${String(count).padStart(6, "0")}-${body.client_id}`;
  if (!store(name, body)) unkept.set(name, body);
  const reply = new Promise((resolve) => replies.set(name, resolve));
  changed();
  flush();
  return reply;
}

/** Send what waits, one after the other: an answer must not arrive after its own correction. */
export async function flush() {
  clearTimeout(timer);
  if (sending) return;
  sending = true;
  try {
    for (let first = waiting()[0]; first; first = waiting()[0]) {
      const reply = await deliver(first);
      trouble = null;
      pause = 1_000;
      done(first.name, reply);
    }
  } catch (error) {
    later(error);
  } finally {
    sending = false;
  }
}

async function deliver({ name, judgement }) {
  try {
    return await post("/api/send", judgement);
  } catch (error) {
    const lasting = error instanceof Refused && error.status !== 401 && error.code !== "csrf" && !error.passing;
    if (!lasting) throw error;
    store(REFUSED + name.slice(WAITING.length), { why: error.message, judgement });
    return null;
  }
}

function done(name, reply) {
  forget(name);
  unkept.delete(name);
  replies.get(name)?.(reply);
  replies.delete(name);
  changed({ reply });
}

function later(error) {
  const signedOut = error instanceof Refused && (error.status === 401 || error.code === "csrf");
  trouble = signedOut ? "signed-out" : error instanceof Unreachable ? "offline" : "busy";
  changed();
  timer = setTimeout(flush, Math.max(pause, (error.after ?? 0) * 1_000));
  pause = Math.min(pause * 2, LONGEST_PAUSE);
}

/** An id that nobody else makes. `crypto.randomUUID` is not there on plain HTTP. */
function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return [8, 12, 16, 20].reduceRight((text, at) => `${text.slice(0, at)}-${text.slice(at)}`, hex);
}

addEventListener("online", () => flush());
addEventListener("focus", () => waiting().length && flush());
addEventListener("storage", (event) => {
  if (!changedBelow(event, WAITING) && !changedBelow(event, REFUSED)) return;
  const elsewhere = event.newValue ? JSON.parse(event.newValue).lease : null;
  changed({ elsewhere });
});
