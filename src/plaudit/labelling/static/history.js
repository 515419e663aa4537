// One's own last judgements, newest first: those of this visit from memory, older ones from the server.
import { get } from "./api.js";

const MOST = 50;
const here = [];
let older = null;

/** A judgement was sent. The question comes along, so that it can be reopened without a connection. */
export function remember(question, previous) {
  const at = here.findIndex((one) => one.lease === question.lease);
  if (at >= 0) here[at].previous = previous;
  else here.unshift({ lease: question.lease, question, previous });
  here.length = Math.min(here.length, MOST);
}

/** The judgement at a place, 0 the newest, as a question with what was answered; null if there is none. */
export async function reopen(place) {
  if (place < 0 || place >= MOST) return null;
  const one = here[place] ?? (await before(place));
  if (!one) return null;
  if (one.question) return { ...one.question, previous: one.previous, expires_in: null };
  const { question } = await get(`/api/mine/${encodeURIComponent(one.lease)}`);
  return { ...question, expires_in: null };
}

async function before(place) {
  older ??= (await get("/api/mine")).judgements;
  const known = new Set(here.map((one) => one.lease));
  return [...here, ...older.filter((one) => !known.has(one.lease))][place];
}
