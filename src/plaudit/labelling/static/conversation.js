// The turns of a prompt: roles in words, the system's prompt and long earlier turns folded.
import { say } from "./config.js";
import { h } from "./dom.js";

const ROLES = new Set(["user", "assistant", "system", "tool"]);
const roleName = (role) => (ROLES.has(role) ? say(`turn.${role}`) : role);

/** A conversation as elements. */
export function conversation(turns) {
  const shown = [];
  let earlier = [];
  const close = () => {
    if (earlier.length) shown.push(folded(earlier));
    earlier = [];
  };
  for (const turn of turns) {
    if (turn.folded && turn.role !== "system") {
      earlier.push(turn);
      continue;
    }
    close();
    shown.push(turn.folded ? system(turn) : open(turn));
  }
  close();
  return shown;
}

function open(turn) {
  return h(
    "div",
    { class: `turn ${ROLES.has(turn.role) ? turn.role : "user"}` },
    h("p", { class: "role" }, h("bdi", {}, roleName(turn.role))),
    h("div", { class: "text", dir: "auto", lang: turn.lang, html: turn.html }),
  );
}

function system(turn) {
  const size = say("turn.words", { k: turn.words });
  return h(
    "details",
    { class: "turn system" },
    h("summary", {}, `${roleName(turn.role)} · ${size}`),
    h("div", { class: "text", dir: "auto", lang: turn.lang, html: turn.html }),
  );
}

function folded(turns) {
  const words = turns.reduce((sum, turn) => sum + turn.words, 0);
  return h(
    "details",
    { class: "earlier" },
    h("summary", {}, say("turn.earlier", { k: turns.length, words })),
    ...turns.map(open),
  );
}
