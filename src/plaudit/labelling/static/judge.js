// The page on which people judge.
import { post } from "./api.js";
import { action, banner } from "./banners.js";
import { project, say } from "./config.js";
import { Desk } from "./desk.js";
import { byId } from "./dom.js";
import { frame } from "./frame.js";
import { keyName, ownsEnter } from "./keys.js";
import * as outbox from "./outbox.js";
import { offerGuidelines, openSheet, sheetKey, showGuidelines, showKeys } from "./sheets.js";
import * as storage from "./storage.js";
import { heard } from "./supply.js";

const ACTS = { s: "skip", c: "comment", u: "undo", Backspace: "undo", "Ctrl+z": "undo", "[": "back", "]": "forward", d: "difference", f: "unfold", m: "plain" };
const shortcuts = () => storage.stored("shortcuts") !== false;
const desk = new Desk(shortcuts);

frame();
byId("shortcuts").checked = shortcuts();
document.documentElement.classList.toggle("no-shortcuts", !shortcuts());
byId("shortcuts").addEventListener("change", (event) => {
  storage.store("shortcuts", event.target.checked);
  document.documentElement.classList.toggle("no-shortcuts", !event.target.checked);
  desk.redrawBar();
});

document.querySelectorAll("[data-act]").forEach((button) => {
  button.addEventListener("click", () => (button.dataset.act === "keys" ? showKeys(shortcuts()) : showGuidelines()));
});

byId("sign-out").addEventListener("click", async () => {
  await post("/api/sign-out").catch(() => {});
  location.assign("/sign-in");
});

addEventListener("keydown", (event) => {
  // A button that is held by Enter or Space would vote on one question after the other.
  if (event.repeat && ["Enter", " "].includes(event.key) && event.target.closest?.("button, label")) return event.preventDefault();
  if (event.key === "Escape" && !event.isComposing) return escape(event);
  if (!shortcuts() || event.defaultPrevented) return undefined;
  const name = keyName(event);
  if (name === null || (name === "Enter" && ownsEnter(event))) return undefined;
  if (openSheet()) return sheetKey(name) && event.preventDefault();
  if (pressed(name)) event.preventDefault();
  return undefined;
});

/** A field is left first; then a correction is given up. */
function escape(event) {
  if (openSheet() || byId("menu").matches(":popover-open")) return;
  if (event.target.matches("textarea, input")) event.target.blur();
  else if (desk.place >= 0) desk.advance();
  else if (document.activeElement !== document.body) document.activeElement.blur();
}

/** Whether a key was the page's. */
function pressed(name) {
  if (name === "g") return showGuidelines(), true;
  if (name === "?") return showKeys(shortcuts()), true;
  if (desk.feedback) return name === "Enter" ? (desk.feedback.go?.(), true) : false;
  // A key that was held, or meant for the question before, is swallowed.
  if (desk.question && !desk.awake()) return true;
  if (name in ACTS) return desk.act(ACTS[name], true), true;
  if (!desk.question) return false;
  if (name === "Enter") return desk.submit(true), true;
  if (desk.ratings.key(name) || desk.mode.key(name)) return true;
  if (desk.question.mode === "pair" && "jk".includes(name)) return scrollScreen(name === "j" ? 1 : -1), true;
  return false;
}

function scrollScreen(by) {
  const behavior = matchMedia("(prefers-reduced-motion: reduce)").matches ? "instant" : "smooth";
  scrollBy({ top: by * (innerHeight - byId("bar").offsetHeight) * 0.85, behavior });
}

// --- What is on its way ------------------------------------------------------------------------------------------------

function signedOut() {
  banner("network", say("network.signed_out", { name: project.person.name }), { alarm: true, actions: [action(say("network.sign_in"), "/sign-in")] });
}

desk.onsignedout = signedOut;

outbox.watch(({ reply, elsewhere }) => {
  if (reply?.progress) {
    heard(reply.progress);
    desk.tellProgress();
  }
  if (elsewhere) desk.answeredElsewhere(elsewhere);
  tellUnsent();
});

function tellUnsent() {
  const waiting = outbox.waiting().length;
  // One that is just being sent is no news.
  byId("unsent").textContent = waiting > 0 && outbox.trouble ? say("judge.unsent", { k: waiting }) : "";
  if (outbox.trouble === "signed-out") signedOut();
  else banner("network", waiting > 0 && outbox.trouble === "offline" ? say("network.offline") : null);
  if (waiting > 0 && !storage.keeps) banner("storage", say("network.no_storage"), { alarm: true });
  const refused = outbox.refused();
  banner("refused", refused.length ? say("network.refused", { k: refused.length, why: refused.at(-1).why }) : null, { alarm: true, actions: [action(say("network.discard"), outbox.discardRefused)] });
}

setInterval(() => desk.checkLease(), 1_000);
addEventListener("pageshow", (event) => event.persisted && location.reload());

if (outbox.waiting().length) outbox.trouble ?? byId("unsent").replaceChildren(say("judge.unsent", { k: outbox.waiting().length }));
outbox.flush();
offerGuidelines();
desk.advance();
