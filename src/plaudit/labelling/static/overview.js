// The owner's page: it looks for new figures by itself, and sends what the owner changes.
import { post, Refused } from "./api.js";
import { byId } from "./dom.js";
import { frame } from "./frame.js";

const EVERY = 10_000;
const PATIENCE = 20_000;
const FIELD = /\{(\w+)\}/g;

const words = JSON.parse(byId("words").textContent);
const main = byId("figures");
const parts = byId("parts");
const told = byId("told");
let etag = main.dataset.etag;
let trouble = false;
let looking = null;

const say = (key, values = {}) => words[`overview_script.${key}`].replace(FIELD, (_, name) => values[name]);

function tell(text, alarm = false) {
  told.textContent = text;
  told.classList.toggle("alarm", alarm);
}

// Looking.

/** Ask whether there are other figures, and show them. One look at a time; one that was asked for comes after. */
function look() {
  looking = (looking ?? Promise.resolve()).then(refresh).catch(() => {});
  return looking;
}

async function refresh() {
  let response;
  try {
    // The tag is ours to send: what a browser keeps by itself it would give us without saying that nothing has changed.
    response = await fetch("/overview/parts", { headers: { "If-None-Match": etag }, cache: "no-store", credentials: "same-origin", signal: AbortSignal.timeout(PATIENCE) });
  } catch {
    return lost();
  }
  if (response.status === 401 || response.status === 403) return tell(say("signed_out"), true);
  if (response.status !== 304 && !response.ok) return lost();
  if (trouble) tell("");
  trouble = false;
  seen = new Date();
  if (response.status === 304) return;
  const tag = response.headers.get("ETag");
  const text = await response.text();
  // Whoever fills in a form there keeps what is written; the next look shows the rest.
  if (show(text)) etag = tag;
}

let seen = new Date();

function lost() {
  trouble = true;
  tell(say("unreachable", { moment: seen.toLocaleTimeString(document.documentElement.lang) }), true);
}

/** Replace the parts that differ; returns whether all of them could be. */
function show(text) {
  const fresh = new DOMParser().parseFromString(text, "text/html");
  let all = true;
  for (const part of fresh.querySelectorAll("[data-part]")) {
    const old = parts.querySelector(`[data-part="${part.dataset.part}"]`);
    if (old?.querySelector("form[data-touched]")) all = false;
    else if (old) swap(old, document.importNode(part, true));
  }
  return all;
}

const drawn = new WeakMap();

function swap(old, fresh) {
  if ((drawn.get(old) ?? old.innerHTML) === fresh.innerHTML) return;
  const markup = fresh.innerHTML;
  for (const details of old.querySelectorAll("details[data-key]")) {
    const same = fresh.querySelector(`details[data-key="${details.dataset.key}"]`);
    if (same) same.open = details.open;
  }
  const focused = old.contains(document.activeElement) ? keyOf(document.activeElement) : null;
  old.replaceWith(fresh);
  drawn.set(fresh, markup);
  if (focused !== null) refocus(fresh, focused);
}

/** By what an element is found again: its own key, or that of the list whose head it is. */
function keyOf(element) {
  return element.dataset.key ?? (element.matches("summary") ? element.parentElement.dataset.key : "");
}

function refocus(part, key) {
  const same = part.querySelector(`[data-key="${key}"]`);
  const target = same?.matches("details") ? same.querySelector("summary") : same;
  (target ?? main).focus({ preventScroll: true });
}

setInterval(() => document.visibilityState === "visible" && look(), EVERY);
document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && look());

// Changing.

const whole = (text) => (text === "" ? null : Number(text));

/** What a form sends, by what it does. */
const bodies = {
  invite: (form) => ({ role: form.role.value, most: whole(form.most.value), days: whole(form.days.value) }),
  guidelines: (form) => ({ text: form.text.value, revision: Number(form.dataset.revision) }),
  training: (form) => ({ backbone: form.backbone.value, count: Number(form.count.value), compare: form.compare.checked }),
  role: (form) => ({ person: form.dataset.person, role: form.role.value }),
  withdraw: (form) => ({ groups: form.groups.value.split("\n").map((line) => line.trim()).filter(Boolean) }),
  overlap: (form) => ({ overlap: Number(form.overlap.value) }),
  gold: (form) => ({ question: Number(form.dataset.question), answer: known(form) }),
};

function known(form) {
  const ratings = [...form.querySelectorAll("[data-attribute]")]
    .filter((field) => field.value !== "")
    .map((field) => ({ response: Number(field.dataset.response), attribute: field.dataset.attribute, value: Number(field.value) }));
  return { ...choice(form), ...(ratings.length && { ratings }) };
}

function choice(form) {
  const data = new FormData(form);
  if (!data.has("best")) return {};
  const best = Number(data.get("best"));
  if (data.has("worst")) return { best, worst: Number(data.get("worst")) };
  const others = form.dataset.numbers.split(",").map(Number).filter((number) => number !== best);
  return { tiers: [[best], others] };
}

// What has an address of its own.
const addresses = { training: "/api/training", "cancel-training": "/api/training/cancel" };

async function change(what, body) {
  const answer = await post(addresses[what] ?? `/api/overview/${what}`, body);
  if (answer.link) showLink(answer.link, what === "invite" ? "invite" : "return");
  else tell(say("saved"));
  if (answer.revision !== undefined) document.querySelector('[data-do="guidelines"]').dataset.revision = answer.revision;
  await look();
}

function problem(error) {
  const message = error instanceof Refused ? error.message : say("unreachable", { moment: seen.toLocaleTimeString(document.documentElement.lang) });
  return say("failed", { message });
}

/** What a button is about, as its request names it. */
function about({ person, question, paused, invite, group, withdrawn }) {
  return {
    ...(person && { person }),
    ...(question && { question: Number(question) }),
    ...(paused && { paused: paused === "true" }),
    ...(invite && { invite: Number(invite) }),
    ...(group && { groups: [group], withdrawn: withdrawn === "true" }),
  };
}

/** A sheet; of whom it is about it says the name, and takes the role. */
function open(sheet, { person, name, role }) {
  if (person) {
    sheet.querySelector("form").dataset.person = person;
    sheet.querySelector("[data-shows=name]").textContent = name;
    sheet.querySelector("form").role.value = role;
  }
  sheet.showModal();
}

/** Ask before something is taken away; the button that does it says what the one that was pressed said. */
function confirmed(text, yes) {
  const sheet = byId("confirm");
  byId("confirm-text").textContent = text;
  byId("confirm-yes").textContent = yes;
  sheet.returnValue = "";
  sheet.showModal();
  return new Promise((resolve) => sheet.addEventListener("close", () => resolve(sheet.returnValue === "yes"), { once: true }));
}

function showLink(path, kind) {
  for (const note of document.querySelectorAll("#link [data-note]")) note.hidden = note.dataset.note !== kind;
  byId("link-text").value = new URL(path, location.origin).href;
  byId("link").showModal();
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  const { act, opens, confirm } = button.dataset;
  if (opens) open(byId(opens), button.dataset);
  if ("closes" in button.dataset) button.closest("dialog").close();
  if (!act || (confirm && !(await confirmed(confirm, button.firstChild.textContent)))) return;
  button.disabled = true;
  try {
    await change(act, about(button.dataset));
  } catch (error) {
    tell(problem(error), true);
  }
  button.disabled = false;
});

document.addEventListener("submit", async (event) => {
  const form = event.target;
  const what = form.dataset.do;
  if (!what) return;
  event.preventDefault();
  const line = form.querySelector(".problem");
  const button = form.querySelector("button:not([type])");
  line.textContent = "";
  button.disabled = true;
  try {
    const body = bodies[what](form);
    form.closest("dialog")?.close();
    delete form.dataset.touched;
    await change(what, body);
  } catch (error) {
    if (form.closest("dialog")?.open === false) form.closest("dialog").showModal();
    line.textContent = problem(error);
  }
  button.disabled = false;
});

document.addEventListener("input", (event) => {
  const form = event.target.closest("form[data-do]");
  if (form) form.dataset.touched = "";
});

byId("copy")?.addEventListener("click", async () => {
  const field = byId("link-text");
  field.select();
  try {
    await navigator.clipboard.writeText(field.value);
    tell(say("copied"));
  } catch {
    // Without https there is no clipboard; the text is selected, and a key copies it.
  }
});

for (const sheet of document.querySelectorAll("dialog")) {
  sheet.addEventListener("click", (event) => event.target === sheet && sheet.close());
}

frame();
