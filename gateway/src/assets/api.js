// Calls to the API, and forms that tell what went wrong. Text from the server is only ever set as text.

export class Refused extends Error {
  constructor(status, problem) {
    const fields = (problem?.errors || []).map((error) => `${error.pointer.slice(1)}: ${error.detail}`);
    super(fields.join("; ") || problem?.detail || problem?.title || `The server answered ${status}.`);
    this.status = status;
    this.code = problem?.code;
  }
}

export const byId = (id) => document.getElementById(id);

export function say(text) {
  byId("message").textContent = text;
}

// The session is in cookies that no script can read; this one proves that a request comes from this page.
export function csrfToken() {
  const found = document.cookie.match(/(?:^|; )__Host-tenantry_csrf=([^;]*)/);
  return found ? found[1] : null;
}

export async function call(method, path, body) {
  const headers = { accept: "application/json", "x-tenantry-client": "browser" };
  if (body) headers["content-type"] = "application/json";
  if (csrfToken()) headers["x-csrf-token"] = csrfToken();
  const response = await fetch(`/api/v1${path}`, { method, headers, body: body && JSON.stringify(body) });
  const answer = response.status === 204 ? null : await response.json().catch(() => null);
  if (!response.ok) throw new Refused(response.status, answer);
  return answer;
}

// Calls with a session that may have to be renewed: by one tab at a time, since its refresh token is good once.
export async function signedIn(method, path, body) {
  const action = () => call(method, path, body);
  const unlessRefused = (error) => {
    if (error.status !== 401) throw error;
  };
  const first = await action().catch(unlessRefused);
  if (first !== undefined) return first;
  return navigator.locks.request("tenantry.refresh", async () => {
    const second = await action().catch(unlessRefused);
    if (second !== undefined) return second;
    await call("POST", "/auth/refresh", {});
    return action();
  });
}

// Sends a form by `action`; its button rests meanwhile.
export function onSubmit(id, action) {
  byId(id).addEventListener("submit", async (event) => {
    event.preventDefault();
    const form = event.target;
    const button = form.querySelector("button");
    button.disabled = true;
    say("");
    try {
      await action(Object.fromEntries(new FormData(form)), form);
    } catch (error) {
      say(error.message);
    } finally {
      button.disabled = false;
    }
  });
}
