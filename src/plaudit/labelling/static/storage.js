// What the browser keeps. Where it keeps nothing (private windows, a full disk) the page works on without.

const PREFIX = "plaudit:";

// Kept as plain text, since `theme.js` reads it before anything else is there.
const PLAIN = new Set(["look"]);

/** Whether anything is kept. */
export let keeps = true;

function guarded(work, otherwise) {
  try {
    return work();
  } catch {
    keeps = false;
    return otherwise;
  }
}

/** A value, or null. */
export function stored(key) {
  const written = guarded(() => localStorage.getItem(PREFIX + key), null);
  if (written === null || PLAIN.has(key)) return written;
  return guarded(() => JSON.parse(written), null);
}

/** Keep a value. Returns whether it was kept. */
export function store(key, value) {
  const written = PLAIN.has(key) ? value : JSON.stringify(value);
  return guarded(() => (localStorage.setItem(PREFIX + key, written), true), false);
}

export function forget(key) {
  guarded(() => localStorage.removeItem(PREFIX + key));
}

/** Names below a prefix. */
export function keysOf(prefix) {
  const start = PREFIX + prefix;
  return guarded(
    () => Object.keys(localStorage).filter((key) => key.startsWith(start)).map((key) => key.slice(PREFIX.length)),
    [],
  );
}

/** Whether a change in another tab was of a name below a prefix; its name. */
export function changedBelow(event, prefix) {
  return event.key?.startsWith(PREFIX + prefix) ? event.key.slice(PREFIX.length) : null;
}

/** What was begun in this tab and not sent: it outlives a reload, not the tab. */
export const drafts = {
  read: (lease) => guarded(() => JSON.parse(sessionStorage.getItem(`${PREFIX}draft:${lease}`)), null),
  write: (lease, draft) =>
    guarded(() => sessionStorage.setItem(`${PREFIX}draft:${lease}`, JSON.stringify(draft))),
  drop: (lease) => guarded(() => sessionStorage.removeItem(`${PREFIX}draft:${lease}`)),
};
