// How fast a board is; no test, since figures are the machine's too. On a test system (`./dev env test`):
//   npm run measure                          a board of 4,000 tasks, at a quarter of the processor's speed
//   BOARD=<url> npm run measure              the same board once more
//   DEMO=<state>/demo.json npm run measure   Lighthouse, mobile, on the board of a demo organization
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

import { chromium } from "playwright-core";

import { call, launch, LAUNCH, open, signIn, signUp, work } from "./browser.mjs";

const TASKS = 4000;
const TREE = 50;
const SLOWER = 4;
const RUNS = 5;

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

/** A tree of fifty tasks, and copies of it, each in one request. */
async function fill(page, made) {
  const priorities = ["low", "medium", "high", "urgent"];
  const { columns } = made.board;
  const label = await call(page, "POST", `/projects/${made.project.id}/labels`, { name: "Engine", color: "#0d6656" });
  const me = (await call(page, "GET", "/auth/me")).user.id;
  const create = (index, parent) => call(page, "POST", `/columns/${columns[index % columns.length].id}/cards`, {
    title: `Task ${index} of the long way to the moon`, priority: priorities[index % 4], ...(parent && { parent_id: parent }),
    ...(index % 3 === 0 && { assignee_ids: [me], label_ids: [label.id], due_date: "2031-05-01" }),
  });
  const root = await create(0);
  for (let index = 1; index < TREE; index += 1) await create(index, root.id);
  for (;;) {
    const { columns: filled } = await call(page, "GET", `/boards/${made.board.id}?cards=0`);
    const count = filled.reduce((all, column) => all + column.total, 0);
    if (count >= TASKS) return count;
    // What takes longer than the gateway waits may still be done.
    await call(page, "POST", `/tasks/${root.id}/copy`, { subtasks: true }).catch((error) => console.log(`once more: ${error.message.slice(0, 120)}`));
  }
}

/** In the page: when the first card is painted, and when the last task over 50 ms is over. */
function watch() {
  const seen = { card: 0, busyUntil: 0, busy: 0 };
  window.measured = seen;
  new PerformanceObserver((list) => {
    for (const task of list.getEntries()) {
      seen.busyUntil = Math.max(seen.busyUntil, task.startTime + task.duration);
      seen.busy += task.duration - 50;
    }
  }).observe({ type: "longtask", buffered: true });
  const look = () => requestAnimationFrame(() => {
    if (!document.querySelector("[data-card]")) return look();
    // The frame after is the one that shows it.
    requestAnimationFrame(() => {
      seen.card = performance.now();
    });
  });
  look();
}

async function newBoard(page) {
  const organization = `speed${Date.now().toString(36)}`;
  await signUp(page, organization);
  const made = await work(page, organization, []);
  console.log(`a board of ${await fill(page, made)} tasks`);
  return made.url;
}

async function board() {
  const browser = await launch();
  const page = await open(browser);
  const url = process.env.BOARD ?? (await newBoard(page));
  if (process.env.BOARD) {
    const organization = new URL(url).hostname.split(".")[0];
    await signIn(page, organization, `ada@${organization}.example`);
  }
  console.log(`${url}: processor ${SLOWER} times slower, ${RUNS} times with an empty cache`);
  await page.addInitScript(watch);
  const debug = await page.context().newCDPSession(page);
  await debug.send("Emulation.setCPUThrottlingRate", { rate: SLOWER });
  const figures = [];
  for (let run = 0; run < RUNS; run += 1) {
    await debug.send("Network.clearBrowserCache");
    await page.goto("about:blank");
    await page.goto(url, { waitUntil: "commit" });
    await page.waitForFunction(() => window.measured?.card);
    // Long enough for what still comes after the first card.
    await page.waitForTimeout(3000);
    figures.push(await page.evaluate(() => {
      const answers = performance.getEntriesByType("resource").filter((entry) => entry.name.includes("/api/"));
      return { ...window.measured, requests: answers.length, drawn: document.querySelectorAll("[data-card]").length, nodes: document.querySelectorAll("*").length };
    }));
    if (process.env.WATERFALL && run === 0) await waterfall(page);
  }
  const say = (what, of) => console.log(`${what.padEnd(44)} ${String(Math.round(median(figures.map(of)))).padStart(6)}`);
  say("first card is painted (ms)", (figure) => figure.card);
  say("interactive: nothing over 50 ms follows (ms)", (figure) => Math.max(figure.card, figure.busyUntil));
  say("blocked beyond 50 ms (ms)", (figure) => figure.busy);
  say("requests to the API", (figure) => figure.requests);
  say("cards drawn", (figure) => figure.drawn);
  say("nodes", (figure) => figure.nodes);
  await browser.close();
}

/** What was fetched when, for who looks for the reason. */
async function waterfall(page) {
  const entries = await page.evaluate(() => performance.getEntriesByType("resource").map(({ name, startTime, responseEnd, encodedBodySize }) => ({ name, startTime, responseEnd, encodedBodySize })));
  for (const entry of entries.toSorted((a, b) => a.startTime - b.startTime)) {
    console.log(`${Math.round(entry.startTime).toString().padStart(6)} ${Math.round(entry.responseEnd).toString().padStart(6)} ${String(entry.encodedBodySize).padStart(8)} ${entry.name.replace(/^https?:\/\/[^/]+/, "").slice(0, 90)}`);
  }
}

const freePort = () => new Promise((resolve, reject) => {
  const server = createServer().on("error", reject).listen(0, "127.0.0.1", () => {
    const { port } = server.address();
    server.close(() => resolve(port));
  });
});

/** Lighthouse with its own mobile settings, signed in as the owner of the first demo organization. */
async function lighthouse(file) {
  const [{ url, board_id, logins: [{ email, password }] }] = JSON.parse(await readFile(file, "utf8")).organizations;
  const folder = await mkdtemp(join(tmpdir(), "measure-"));
  const port = await freePort();
  const context = await chromium.launchPersistentContext(folder, { ...LAUNCH, args: [...LAUNCH.args, `--remote-debugging-port=${port}`] });
  const page = await context.newPage();
  await page.goto(`${url}/login`);
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.getByRole("button", { name: "Find anything" }).waitFor();
  const { project_id } = await call(page, "GET", `/boards/${board_id}?cards=0`);
  await page.goto("about:blank");
  const args = ["--yes", "lighthouse@12.8.2", `${url}/projects/${project_id}`, `--port=${port}`, "--disable-storage-reset", "--only-categories=performance,accessibility", "--output=json", "--quiet"];
  for (let run = 0; run < Number(process.env.LIGHTHOUSE_RUNS ?? 3); run += 1) {
    const { stdout } = await promisify(execFile)("npx", args, { maxBuffer: 64_000_000 });
    const { categories, audits, finalDisplayedUrl } = JSON.parse(stdout);
    const figures = ["first-contentful-paint", "largest-contentful-paint", "speed-index", "total-blocking-time", "cumulative-layout-shift"];
    console.log(`Lighthouse, mobile, ${finalDisplayedUrl}: performance ${categories.performance.score}, accessibility ${categories.accessibility.score}; ${figures.map((name) => `${name} ${audits[name].displayValue}`).join(", ")}`);
  }
  await context.close();
  await rm(folder, { recursive: true });
}

if (process.env.DEMO) await lighthouse(process.env.DEMO);
else await board();
