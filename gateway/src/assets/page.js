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
  if (leadBack()) return;
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

// Goes back to the link of a mail that asked for a sign-in.
function leadBack() {
  const token = sessionStorage.getItem("verify-email");
  if (!token) return false;
  sessionStorage.removeItem("verify-email");
  location.replace(`/verify-email#token=${encodeURIComponent(token)}`);
  return true;
}

function showSignedIn(yes) {
  byId("login").hidden = yes;
  byId("second-factor").hidden = true;
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
  const answer = await call("POST", "/auth/login", { email, password });
  form.reset();
  if (answer.challenge) await askSecondFactor(answer);
  else await showProjects();
});

// What stands for the password once it was right and a second factor is missing.
let challenge = null;

async function askSecondFactor(demand) {
  challenge = demand.challenge;
  let hint = "Type the code of your authenticator app, or a recovery code.";
  if (demand.enroll) {
    const made = await call("POST", "/auth/second-factor/enroll", { challenge });
    hint = `Your organization demands a second factor. Add the key ${made.totp.secret} to an authenticator app, keep ` +
      `these recovery codes: ${made.recovery_codes.join(", ")}, and type the code that the app shows.`;
  }
  byId("second-factor-hint").textContent = hint;
  byId("login").hidden = true;
  byId("second-factor").hidden = false;
}

onSubmit("second-factor", async ({ code }, form) => {
  form.reset();
  const way = /^[0-9]{6}$/.test(code.replace(/\s/g, "")) ? "code" : "recovery_code";
  try {
    await call("POST", "/auth/second-factor", { challenge, [way]: code });
  } catch (error) {
    if (error.code === "challenge_expired") showSignedIn(false);
    throw error;
  }
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
