// Which key was meant: digits by where they are, since on some keyboards they need Shift; letters by what they say.

const FIELDS = "input:not([type]), input[type=text], input[type=password], textarea, select, [contenteditable]";
const NAMED = new Set(["Enter", "Escape", "Backspace"]);

/**
 * The name of a key that the page may know ("1", "b", "Enter", "Alt+ArrowUp", "Ctrl+z"), or null for one that is
 * nobody's business: held down, meant for an input method or a field, or with a modifier.
 */
export function keyName(event) {
  if (event.repeat || event.isComposing || event.keyCode === 229) return null;
  if (event.target instanceof Element && event.target.closest(FIELDS)) return null;
  if (event.getModifierState?.("AltGraph")) return "[]".includes(event.key) ? event.key : null;
  if (event.ctrlKey || event.metaKey) return commanded(event);
  if (event.altKey) return ["ArrowUp", "ArrowDown"].includes(event.key) ? `Alt+${event.key}` : null;
  const digit = /^(?:Digit|Numpad)(\d)$/.exec(event.code)?.[1];
  if (digit && (!event.shiftKey || event.key === digit)) return digit;
  if (NAMED.has(event.key)) return event.key;
  return event.key.length === 1 ? event.key.toLowerCase() : null;
}

function commanded(event) {
  return event.key.toLowerCase() === "z" && !event.shiftKey && !event.altKey ? "Ctrl+z" : null;
}

/** Whether Enter belongs to the element in focus: a button is pressed by it, a link followed. */
export function ownsEnter(event) {
  return event.target instanceof Element && event.target.closest("button, a[href], summary, [role=button]") !== null;
}
