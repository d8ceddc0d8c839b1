// Calls to the API, and forms that tell what went wrong. Text from the server is only ever set as text.

export class Refused extends Error {
  constructor(status, problem) {
    const fields = (problem?.errors || []).map((error) => `${error.pointer.slice(1)}: ${error.detail}`);
    super(fields.join("; ") || problem?.detail || problem?.title || `The server answered ${status}.`);
    this.status = status;
  }
}

export const byId = (id) => document.getElementById(id);

export function say(text) {
  byId("message").textContent = text;
}

export async function call(method, path, body, accessToken) {
  const headers = { accept: "application/json" };
  if (body) headers["content-type"] = "application/json";
  if (accessToken) headers.authorization = `Bearer ${accessToken}`;
  const response = await fetch(`/api/v1${path}`, { method, headers, body: body && JSON.stringify(body) });
  const answer = response.status === 204 ? null : await response.json().catch(() => null);
  if (!response.ok) throw new Refused(response.status, answer);
  return answer;
}

const REFRESH = "tenantry.refresh";

// The refresh token lives in the tab's session storage, so that a closed tab is signed out.
export const refreshToken = {
  get: () => sessionStorage.getItem(REFRESH),
  set: (token) => sessionStorage.setItem(REFRESH, token),
  forget: () => sessionStorage.removeItem(REFRESH),
};

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
