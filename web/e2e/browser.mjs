// Chromium from the distribution, and what all tests do with it. They run against the system that `./dev env test`
// describes, through the gateway alone.
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";

import { chromium } from "playwright-core";

const { port: PORT } = new URL(process.env.TENANTRY_TEST_GATEWAY ?? "http://127.0.0.1:8080");
export const origin = (organization) => `http://${organization ? `${organization}.` : ""}localhost:${PORT}`;

export const LAUNCH = {
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
  ],
};

export const launch = () => chromium.launch(LAUNCH);

/** A headless browser is told apart by its name, and guests' pages show machines a preview alone. */
const PERSON = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36";

export const PASSWORD = "granite-lantern-harbour";

/** A window of its own cookies; what the browser complains of, the policy's refusals included, is kept. */
export async function open(browser, options = {}) {
  const context = await browser.newContext({
    userAgent: PERSON, locale: "en-GB", timezoneId: "Europe/Berlin", viewport: { width: 1360, height: 860 }, reducedMotion: "reduce", ...options,
  });
  const page = await context.newPage();
  page.complaints = [];
  page.on("pageerror", (error) => page.complaints.push(String(error)));
  page.on("console", (message) => {
    // A refused request is logged by the browser; what the page makes of it is what is tested.
    if (message.type() === "error" && !message.text().startsWith("Failed to load resource")) page.complaints.push(message.text());
  });
  page.setDefaultTimeout(20_000);
  return page;
}

/** Signs an organization up by the page that people use; its owner is Ada. */
export async function signUp(page, subdomain, name = `Orbit ${subdomain}`) {
  await page.goto(origin());
  await page.getByLabel("Organization").fill(name);
  await page.getByLabel("Address").fill(subdomain);
  await page.getByLabel("Your name").fill("Ada Lovelace");
  await page.getByLabel("E-mail").fill(`ada@${subdomain}.example`);
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByRole("button", { name: "Create the organization" }).click();
  await page.getByRole("link", { name: /^Go to / }).click();
  await signInHere(page, `ada@${subdomain}.example`);
}

export async function signIn(page, organization, email) {
  await page.goto(`${origin(organization)}/login`);
  await signInHere(page, email);
}

async function signInHere(page, email) {
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.getByRole("button", { name: /Find anything|Navigation/ }).first().waitFor();
}

/** Calls the API as the page does. */
export function call(page, method, path, body) {
  return page.evaluate(async ([method, path, body]) => {
    const token = /__Host-tenantry_csrf=([^;]*)/.exec(document.cookie)?.[1] ?? "";
    const headers = { "content-type": "application/json", "x-tenantry-client": "browser", "x-csrf-token": token };
    const answer = await fetch(`/api/v1${path}`, { method, headers, ...(body && { body: JSON.stringify(body) }) });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    return answer.status === 204 ? null : answer.json();
  }, [method, path, body]);
}

/** A project with tasks in its columns, as `{ project, board, url }`. */
export async function work(page, organization, tasks) {
  const project = await call(page, "POST", "/projects", { name: "Apollo", key: "APO", color: "#3b4fb3" });
  const [summary] = (await call(page, "GET", `/projects/${project.id}/boards`)).items;
  const board = await call(page, "GET", `/boards/${summary.id}`);
  const labels = new Map();
  for (const [column, task] of tasks) {
    for (const name of task.labels ?? []) {
      if (!labels.has(name)) labels.set(name, await call(page, "POST", `/projects/${project.id}/labels`, { name, color: COLORS[labels.size] }));
    }
    const { labels: names = [], ...fields } = task;
    const made = { ...fields, label_ids: names.map((name) => labels.get(name).id) };
    await call(page, "POST", `/columns/${board.columns[column].id}/cards`, made);
  }
  return { project, board, url: `${origin(organization)}/projects/${project.id}` };
}

const COLORS = ["#b5532f", "#0d6656", "#8a3a76", "#2b6580"];

export const column = (page, name) => page.getByRole("region", { name, exact: true });
export const card = (page, title) => page.locator("[data-card]", { has: page.getByRole("link", { name: title, exact: true }) });

/** The titles of a column from top to bottom. */
export const titles = (page, name) => column(page, name).locator("[data-card] a").allTextContents();

/** Drags as a hand does: press, more than one move, let go. */
export async function drag(page, from, to, at = "top") {
  const start = await from.boundingBox();
  const end = await to.boundingBox();
  await page.mouse.move(start.x + start.width / 2, start.y + start.height / 2);
  await page.mouse.down();
  await page.mouse.move(start.x + start.width / 2 + 8, start.y + start.height / 2 + 8, { steps: 3 });
  const y = at === "top" ? end.y + 6 : end.y + end.height - 6;
  await page.mouse.move(end.x + end.width / 2, y - 4, { steps: 8 });
  await page.mouse.move(end.x + end.width / 2, y, { steps: 3 });
  await page.mouse.up();
}

export async function eventually(what, check) {
  const deadline = Date.now() + 10_000;
  for (;;) {
    if (await check()) return;
    if (Date.now() > deadline) throw new Error(`not within ten seconds: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** What axe finds wrong with the page, WCAG 2.2 A and AA and its own best practices. */
export async function violations(page) {
  // Colours that change are judged as they will be.
  await page.evaluate(() => Promise.allSettled(
    document.getAnimations().filter((one) => one.effect?.getComputedTiming().endTime !== Infinity).map((one) => one.finished),
  ));
  // By the debugger, past the page's policy.
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => {
    // An open menu stands at the end of the page, and its entries take the focus in turn by arrow keys (ARIA's menu
    // pattern); these two rules look for landmarks and for the tab key.
    const menu = { region: { enabled: false }, "scrollable-region-focusable": { enabled: false } };
    const rules = document.querySelector("[role=menu]") ? menu : {};
    return window.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"], rules });
  });
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => `${node.target} ${node.failureSummary}`).join("; ")}`);
}
