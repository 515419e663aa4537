// What every page has: appearance, language, and a way to the server.
import { post } from "./api.js";
import { stored, store } from "./storage.js";

/** Make the switches of appearance and language work. */
export function frame() {
  const look = stored("look") ?? "auto";
  for (const input of document.querySelectorAll('#look input[name="look"]')) {
    input.checked = input.value === look;
    input.addEventListener("change", () => {
      store("look", input.value);
      if (input.value === "auto") delete document.documentElement.dataset.look;
      else document.documentElement.dataset.look = input.value;
    });
  }
  for (const button of document.querySelectorAll("[data-locale]")) {
    button.addEventListener("click", () => speak(button.dataset.locale));
  }
}

/** Say it to the server, which keeps it with the person; who is nobody yet says it in the address. */
async function speak(locale) {
  try {
    await post("/api/locale", { locale });
    const address = new URL(location.href);
    address.searchParams.delete("locale");
    if (address.href === location.href) location.reload();
    else location.replace(address);
  } catch {
    const address = new URL(location.href);
    address.searchParams.set("locale", locale);
    location.replace(address);
  }
}
