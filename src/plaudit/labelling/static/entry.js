// Joining and signing in.
import { post, Refused } from "./api.js";
import { frame } from "./frame.js";

frame();

for (const form of document.querySelectorAll(".entry-form")) {
  const problem = form.querySelector(".problem");
  const button = form.querySelector("button");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    problem.textContent = "";
    button.disabled = true;
    const body = Object.fromEntries(new FormData(form));
    if (form.dataset.token) Object.assign(body, { token: form.dataset.token, locale: document.querySelector('meta[name="locale"]').content });
    try {
      const { to } = await post(form.dataset.to, body);
      location.assign(to);
    } catch (error) {
      problem.textContent = told(form, error);
      button.disabled = false;
      form.querySelector("input, button").focus();
    }
  });
  // Until now the browser itself would have sent what is written there, in an address.
  button.disabled = false;
}

function told(form, error) {
  if (!(error instanceof Refused) || error.status >= 500) return form.dataset.noAnswer;
  if (error.status === 429) return form.dataset.tooOften;
  if ([401, 403, 404, 410].includes(error.status)) return form.dataset.wrong;
  return form.dataset.refused;
}
