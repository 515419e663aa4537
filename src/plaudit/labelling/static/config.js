// What the server wrote into the page: the project, the person, and the words.

const read = (id) => JSON.parse(document.getElementById(id).textContent);

export const project = read("project");
const words = read("words");

const FIELD = /\{(\w+)(?::([^|}]*)\|([^}]*))?\}/g;
const counts = new Intl.NumberFormat("en");

/** A sentence in the page's language. `{k:row|rows}` is the first for 1, the second for any other count. */
export function say(key, values = {}) {
  if (!(key in words)) throw new Error(`no sentence is called ${key}`);
  return words[key].replace(FIELD, (_, name, one, more) => {
    const value = values[name];
    if (one !== undefined) return value === 1 ? one : more;
    return typeof value === "number" ? counts.format(value) : value;
  });
}

/** The name an answer has on the page. */
export const letter = (place) => String.fromCharCode(65 + place);

/** What an attribute asks, in the page's language. */
export const question = (attribute) => attribute.question?.[project.locale] || attribute.name;
