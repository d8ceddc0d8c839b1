// Runs before the client has loaded: asks for what the screen of this address begins with, scripts and answers alike. The
// calls to the API (`lib/api/client.ts`) find the answers here; what nobody asks for goes with the page. It is one file
// without imports, since each would be waited for.

declare global {
  interface Window {
    /** Answers on their way, by path and query; each is used once. */
    early?: Map<string, Promise<Response>>;
  }
}

const PROJECT = /^\/projects\/([0-9a-f-]{36})$/;
const ID = /^[0-9a-f-]{36}$/;

/** Paths as the queries of the screens will ask for them; a test holds them together. */
export function firstReads(project: string | undefined) {
  const of = `/api/v1/projects/${project}`;
  const ofProject = project ? [of, `${of}/labels?limit=200`, "/api/v1/users?limit=200"] : [];
  return {
    now: ["/api/v1/auth/me", ...ofProject, "/api/v1/projects?limit=200"],
    boards: `${of}/boards?limit=200`,
    board: (id: string) => `/api/v1/boards/${id}?cards=30`,
  };
}

function start() {
  if (!document.cookie.includes("__Host-tenantry_csrf=")) return;
  const project = PROJECT.exec(location.pathname)?.[1];
  const search = new URLSearchParams(location.search);
  const asked = search.get("board");
  const reads = firstReads(project);
  if (project && !search.has("view")) {
    void readBoard(asked && ID.test(asked) ? asked : null, reads);
    preload();
  }
  for (const path of reads.now) read(path).catch(() => undefined);
}

function read(path: string): Promise<Response> {
  const answer = fetch(path, { headers: { "x-tenantry-client": "browser" } });
  window.early ??= new Map();
  window.early.set(path, answer);
  return answer;
}

/** Reads the board that is asked for, else the first one; who needs the answers hears of failures. */
async function readBoard(asked: string | null, reads: ReturnType<typeof firstReads>): Promise<void> {
  try {
    const boards = read(reads.boards);
    if (asked) await read(reads.board(asked));
    const { items } = (await (await boards).clone().json()) as { items?: { id: string }[] };
    const first = items?.[0];
    if (!asked && first) await read(reads.board(first.id));
  } catch {
    // The client asks again and says what is wrong.
  }
}

/** The build writes the scripts of a project's board at this script's own element. */
function preload(): void {
  for (const href of document.querySelector<HTMLElement>("script[data-board]")?.dataset["board"]?.split(" ") ?? []) {
    document.head.append(Object.assign(document.createElement("link"), { rel: "modulepreload", href, crossOrigin: "" }));
  }
}

start();
