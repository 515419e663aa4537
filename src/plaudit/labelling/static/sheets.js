// What opens over the page: guidelines, the table of keys, reasons to skip.
import { get, post } from "./api.js";
import { banner, action } from "./banners.js";
import { project, say } from "./config.js";
import { byId, h } from "./dom.js";
import { levelsOf } from "./pair.js";

const guidelines = byId("guidelines");
const keys = byId("keys");
const skip = byId("skip");

/** The sheet that is open, or undefined. */
export const openSheet = () => [guidelines, keys, skip].find((sheet) => sheet.open);

function show(sheet) {
  byId("menu").hidePopover?.();
  openSheet()?.close();
  sheet.showModal();
  // Else the button at the end would take the focus, and a long sheet open at its end.
  sheet.querySelector("h2[tabindex]")?.focus();
}

export function showGuidelines() {
  show(guidelines);
  seen();
}

/** Tell of a revision once: a new person reads them first, others are told that they changed. */
export function offerGuidelines() {
  if (project.guidelines_seen >= project.guidelines_revision) return;
  if (project.guidelines_seen === 0) return showGuidelines();
  tellChanged();
}

let coming = project.guidelines_revision;

/** The server has other guidelines than the page: fetch them, and say so. Without a connection, with the next reply. */
export async function newerGuidelines(revision) {
  if (!(revision > coming)) return;
  coming = revision;
  try {
    const fresh = await get("/api/guidelines");
    guidelines.querySelector(".text").innerHTML = fresh.html;
    project.guidelines_revision = coming = fresh.revision;
    tellChanged();
  } catch {
    coming = project.guidelines_revision;
  }
}

function tellChanged() {
  const actions = [action(say("judge.read_them"), showGuidelines, "G"), action(say("judge.later"), seen)];
  banner("guidelines", say("judge.guidelines_changed"), { actions });
}

function seen() {
  banner("guidelines", null);
  if (project.guidelines_seen >= project.guidelines_revision) return;
  project.guidelines_seen = project.guidelines_revision;
  // Without a connection they are offered again next time.
  post("/api/guidelines-seen", { revision: project.guidelines_revision }).catch(() => {});
}

export function showKeys(shortcuts) {
  byId("keys-off").hidden = shortcuts;
  byId("keys-table").tBodies[0].replaceChildren(...table().map(([names, words]) => h("tr", {}, h("th", { scope: "row" }, ...names.map((name) => h("kbd", {}, name))), h("td", {}, say(words)))));
  show(keys);
}

const SEVERAL = [[["J", "K"], "keys.focus"]];

function choosing() {
  const levels = levelsOf().length;
  if (project.mode === "rate") return [[["0", "…", "9"], "keys.value"], [["J", "K"], "keys.row"], [["X"], "keys.no_value"]];
  if (project.mode === "best-worst") return [[["1", "…", "9"], "keys.best_worst"], ...SEVERAL];
  if (project.mode === "rank") {
    const ties = project.ties ? [[["T"], "keys.tie_above"]] : [];
    return [[["1", "…", "9"], "keys.rank"], ...SEVERAL, [["Alt+↑", "Alt+↓"], "keys.move"], ...ties, [["X"], "keys.out"]];
  }
  const tie = project.ties ? [[["0", "=", ...(levels ? [String(levels + 1)] : [])], "keys.tie"]] : [];
  const sides = levels ? [["1", "…", String(levels), String(levels + 2), "…", String(2 * levels + 1)], "keys.levels"] : [["1", "2"], "keys.side"];
  return [sides, ...tie, [["J", "K"], "keys.scroll"]];
}

function table() {
  return [
    ...choosing(),
    ...(project.both_bad && project.mode !== "rate" ? [[["B"], "keys.bad"]] : []),
    [["Enter"], "keys.send"],
    [["S"], "keys.skip"],
    [["C"], "keys.comment"],
    [["U", "⌫", "Ctrl+Z"], "keys.undo"],
    [["[", "]"], "keys.history"],
    ...(project.mode === "pair" ? [[["D"], "keys.difference"]] : []),
    [["F"], "keys.unfold"],
    [["M"], "keys.plain"],
    [["G"], "keys.guidelines"],
    [["?"], "keys.keys"],
  ];
}

/** Ask why; `chosen(reason, byKey)` is called unless it is closed. */
export function askSkip(chosen) {
  const form = byId("skip-form");
  const field = byId("skip-text");
  field.value = "";
  const finish = (reason, byKey) => {
    skip.close();
    chosen(reason, byKey);
  };
  skip.querySelectorAll("[data-skip]").forEach((button) => (button.onclick = (event) => finish(button.dataset.skip, event.detail === 0)));
  form.onsubmit = (event) => {
    event.preventDefault();
    if (field.value.trim()) finish(field.value.trim(), true);
  };
  byId("skip-cancel").onclick = () => skip.close();
  show(skip);
}

/** A key while a sheet is open: a digit is a reason to skip. Returns whether it was used. */
export function sheetKey(name) {
  if (openSheet() === skip && /^[1-9]$/.test(name)) {
    const button = skip.querySelectorAll("[data-skip]")[Number(name) - 1];
    button?.click();
    return button !== undefined;
  }
  if ((openSheet() === keys && name === "?") || (openSheet() === guidelines && name === "g")) {
    openSheet().close();
    return true;
  }
  return false;
}

for (const sheet of [guidelines, keys, skip]) {
  // A click beside a sheet closes it.
  sheet.addEventListener("click", (event) => event.target === sheet && sheet.close());
}
