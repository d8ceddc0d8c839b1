// Sign in and look at a board.
import { byId, call, csrfToken, onSubmit, say, signedIn } from "./api.js";

const read = (path) => signedIn("GET", path);

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
  showSignedIn(true);
  if (options.length) await showBoard(options[0].value);
  else say("There are no projects yet.");
}

function showSignedIn(yes) {
  byId("login").hidden = yes;
  for (const id of ["board", "projects", "leave"]) byId(id).hidden = !yes;
}

// Runs an action of the user and tells what went wrong.
function act(action) {
  return async (event) => {
    say("");
    try {
      await action(event);
    } catch (error) {
      if (error.status === 401) showSignedIn(false);
      say(error.message);
    }
  };
}

onSubmit("login", async ({ email, password }, form) => {
  await call("POST", "/auth/login", { email, password });
  form.reset();
  await showProjects();
});

byId("projects").addEventListener("change", act((event) => showBoard(event.target.value)));

byId("leave").addEventListener("click", act(async () => {
  await signedIn("POST", "/auth/logout");
  byId("who").textContent = "";
  byId("board").replaceChildren();
  showSignedIn(false);
}));

await act(async () => {
  if (csrfToken()) await showProjects();
})();
