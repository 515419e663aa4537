// A way to the server: JSON both ways, and three kinds of trouble.

/** The server answered, and refused. */
export class Refused extends Error {
  constructor(status, code, message, after) {
    super(message);
    this.status = status;
    this.code = code;
    this.after = after;
  }

  /** Whether the same request may be taken later: too many, too busy, or broken for now. */
  get passing() {
    return this.status >= 500 || this.status === 429 || this.status === 408;
  }
}

/** Nobody answered. */
export class Unreachable extends Error {}

const PATIENCE = 20_000;
const csrf = document.querySelector('meta[name="csrf"]')?.content ?? "";

async function call(method, path, body, options) {
  let response;
  try {
    response = await fetch(path, {
      method,
      credentials: "same-origin",
      headers: body === undefined ? {} : { "Content-Type": "application/json", "X-CSRF-Token": csrf },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: AbortSignal.timeout(PATIENCE),
      ...options,
    });
  } catch (error) {
    throw new Unreachable(String(error));
  }
  let read;
  try {
    read = await response.json();
  } catch {
    // A proxy's page, or half an answer.
    if (response.ok) throw new Unreachable("no JSON");
  }
  if (response.ok) return read;
  const error = read?.error ?? {};
  const after = Number(response.headers.get("Retry-After")) || 0;
  throw new Refused(response.status, error.code ?? "", error.message ?? response.statusText, after);
}

export const get = (path) => call("GET", path);
export const post = (path, body = {}, options = {}) => call("POST", path, body, options);
