// Sign in and look at a board. The access token stays in memory and the refresh token in the tab's session
// storage, so that a closed tab is signed out. Text from the server is only ever set as text, never as HTML.
"use strict";

const REFRESH = "tenantry.refresh";
const byId = (id) => document.getElementById(id);
let accessToken = null;

class Refused extends Error {
  constructor(status, problem) {
    super(problem?.detail || problem?.title || `The server answered ${status}.`);
    this.status = status;
  }
}

async function call(method, path, body) {
  const headers = { accept: "application/json" };
  if (body) headers["content-type"] = "application/json";
  if (accessToken) headers.authorization = `Bearer ${accessToken}`;
  const response = await fetch(`/api/v1${path}`, { method, headers, body: body && JSON.stringify(body) });
  const answer = response.status === 204 ? null : await response.json().catch(() => null);
  if (!response.ok) throw new Refused(response.status, answer);
  return answer;
}

// Reads with a token that may have expired meanwhile.
async function read(path) {
  try {
    return await call("GET", path);
  } catch (error) {
    if (error.status !== 401 || !(await refresh())) throw error;
    return call("GET", path);
  }
}

function keep(answer) {
  const session = answer.session || answer;
  accessToken = session.access_token;
  sessionStorage.setItem(REFRESH, session.refresh_token);
}

async function refresh() {
  const token = sessionStorage.getItem(REFRESH);
  if (!token) return false;
  accessToken = null;
  try {
    keep(await call("POST", "/auth/refresh", { refresh_token: token }));
    return true;
  } catch {
    sessionStorage.removeItem(REFRESH);
    return false;
  }
}

function element(name, text, className) {
  const made = document.createElement(name);
  if (text !== undefined && text !== null) made.textContent = text;
  if (className) made.className = className;
  return made;
}

function card(task) {
  const made = element("article", null, "card");
  const line = element("small");
  line.append(element("span", task.key), element("span", task.priority));
  made.append(element("div", task.title), line);
  if (task.due_date) made.append(element("small", `due ${task.due_date}`));
  return made;
}

function column(data) {
  const made = element("section", null, "column");
  const cards = data.cards.items;
  const heading = element("h2");
  heading.append(element("span", data.name), element("span", data.total));
  made.append(heading, ...cards.map(card));
  if (data.total > cards.length) made.append(element("p", `and ${data.total - cards.length} more`, "more"));
  return made;
}

async function showBoard(project) {
  const boards = await read(`/projects/${project}/boards`);
  const [first] = boards.items;
  const board = first ? await read(`/boards/${first.id}`) : { columns: [] };
  byId("board").replaceChildren(...board.columns.map(column));
  say(board.columns.length ? "" : "This project has no board yet.");
}

async function showProjects() {
  const [me, projects] = await Promise.all([read("/auth/me"), read("/projects?limit=200")]);
  byId("who").textContent = `${me.user.name} · ${me.organization.name}`;
  const options = projects.items.map((project) => {
    const option = element("option", `${project.key} · ${project.name}`);
    option.value = project.id;
    return option;
  });
  byId("projects").replaceChildren(...options);
  signedIn(true);
  if (options.length) await showBoard(options[0].value);
  else say("There are no projects yet.");
}

function signedIn(yes) {
  byId("login").hidden = yes;
  for (const id of ["board", "projects", "leave"]) byId(id).hidden = !yes;
}

function say(text) {
  byId("message").textContent = text;
}

// Runs an action of the user and tells what went wrong.
function act(action) {
  return async (event) => {
    event?.preventDefault();
    say("");
    try {
      await action(event);
    } catch (error) {
      if (error.status === 401) signedIn(false);
      say(error.message);
    }
  };
}

byId("login").addEventListener("submit", act(async (event) => {
  const form = event.target;
  accessToken = null;
  keep(await call("POST", "/auth/login", { email: form.email.value, password: form.password.value }));
  form.reset();
  await showProjects();
}));

byId("projects").addEventListener("change", act((event) => showBoard(event.target.value)));

byId("leave").addEventListener("click", act(async () => {
  await call("POST", "/auth/logout").catch(() => null);
  accessToken = null;
  sessionStorage.removeItem(REFRESH);
  byId("who").textContent = "";
  byId("board").replaceChildren();
  signedIn(false);
}));

act(async () => {
  if (await refresh()) await showProjects();
})();
