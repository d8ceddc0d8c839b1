// Numbers as people see them: the dashboard, a project's charts, and reports of one's own.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import http from "node:http";
import { after, before, test } from "node:test";

import { call, eventually, launch, open, origin, PASSWORD, signIn, signUp, work } from "./browser.mjs";

const organization = `num${Date.now().toString(36)}`;
const member = `grace@${organization}.example`;
let browser;
let page;
let made;
let me;

const at = (path) => `${origin(organization)}${path}`;
const panel = (title) => page.getByRole("region", { name: title, exact: true }).first();
const chart = (title) => page.getByRole("figure", { name: title, exact: true });
const drawn = (title) => chart(title).locator("svg > :is(path, rect, circle)").first().waitFor({ state: "attached" });
const figure = (name) => page.locator("dl > div", { has: page.getByText(name, { exact: true }) }).locator("dd").first();
const move = (task, column) => call(page, "PUT", `/cards/${task.id}/move`, { column_id: made.board.columns[column].id });

before(async () => {
  browser = await launch();
  page = await open(browser);
  await signUp(page, organization);
  me = (await call(page, "GET", "/auth/me")).user.id;
  const mine = { assignee_ids: [me], estimate_seconds: 7200 };
  made = await work(page, organization, [
    [0, { title: "Survey the site" }], [0, { title: "Order the dome", ...mine }], [0, { title: "Pour the pier", ...mine }], [0, { title: "Wire the motors" }], [0, { title: "Grind the mirror", ...mine }],
  ]);
  const tasks = (await call(page, "GET", `/projects/${made.project.id}/tasks`)).items;
  const named = (title) => tasks.find((task) => task.title === title);
  await move(named("Grind the mirror"), 1);
  for (const title of ["Survey the site", "Order the dome"]) {
    await move(named(title), 1);
    await move(named(title), 3);
  }
  // Numbers follow within a second; a slow machine has longer.
  await eventually("the numbers are there", async () => {
    const { tasks, by_status } = await call(page, "GET", "/analytics/dashboard");
    return tasks.created === 5 && by_status.done === 2 && by_status.in_progress === 1;
  });
});
after(() => browser?.close());

/** How many pixels something reaches over the right edge; what scrolls by itself may. */
const wider = () => page.evaluate(() => Math.max(...[...document.querySelectorAll("main, main *")].filter((part) => !part.closest("svg, table")).map((part) => part.getBoundingClientRect().right)) - innerWidth);

/** What a chart says as a table. */
async function table(title) {
  await chart(title).getByText("Show as table").click();
  return chart(title).locator("tr").evaluateAll((rows) => rows.map((row) => [...row.children].map((cell) => cell.textContent)));
}

test("the dashboard shows the numbers that the API tells", async () => {
  await page.getByRole("navigation", { name: "Navigation" }).getByRole("link", { name: "Analytics" }).click();
  await page.getByRole("heading", { name: "Analytics", level: 1 }).waitFor();
  for (const [name, number] of [["Created", "5"], ["Done", "2"], ["Open now", "3"], ["Links opened", "0"]]) {
    await eventually(name, async () => (await figure(name).textContent()) === number);
  }
  const where = await panel("Where work stands").getByRole("listitem").allTextContents();
  assert.deepEqual(where.map((text) => text.replace(/.*?(\d+)$/, "$1")), ["2", "1", "0", "2", "0"]);
  assert.match(where[1], /2 hrs? estimated/);
  await panel("Workload").getByRole("link", { name: "Ada Lovelace" }).waitFor();
  await panel("How long work waits").getByRole("link", { name: /Wire the motors/ }).waitFor();
  await panel("Links opened").getByText("Share a task by a link").waitFor();
});

test("a chart is read by keyboard, and its table says the same", async () => {
  await drawn("Created and done");
  const values = page.getByRole("slider", { name: "Values of Created and done" });
  await values.focus();
  assert.match(await values.getAttribute("aria-valuetext"), /: Created 5, Done 2$/);
  await page.keyboard.press("ArrowLeft");
  assert.match(await values.getAttribute("aria-valuetext"), /: Created 0, Done 0$/);
  const [head, ...rows] = await table("Created and done");
  assert.deepEqual(head, ["Part", "Created", "Done"]);
  assert.equal(rows.length, 28);
  assert.deepEqual(rows.at(-1).slice(1), ["5", "2"]);
  assert.deepEqual(rows.at(-2).slice(1), ["0", "0"]);
});

test("the period stands in the address and survives a reload", async () => {
  await page.goto(at("/analytics"));
  await page.getByLabel("Period").selectOption("90 days");
  await page.getByLabel("By", { exact: true }).selectOption("Month");
  await page.getByLabel("Compare with the days before").uncheck();
  await page.waitForURL(/period=90d/);
  await page.reload();
  await drawn("Created and done");
  assert.equal(await page.getByLabel("Period").inputValue(), "90d");
  assert.equal(await page.getByLabel("By", { exact: true }).inputValue(), "month");
  assert.equal(await page.getByLabel("Compare with the days before").isChecked(), false);
  const rows = await table("Created and done");
  assert.ok(rows.length >= 4 && rows.length <= 5, `${rows.length} rows`);
  assert.equal(await page.getByText("in the days before").count(), 0);
  await page.getByLabel("Period").selectOption("Days of your choice");
  await page.getByLabel("From", { exact: true }).fill("2026-02-01");
  await page.getByLabel("To", { exact: true }).fill("2026-01-01");
  await page.getByRole("button", { name: "Show these days" }).click();
  await page.getByRole("alert").waitFor();
  await page.getByLabel("From", { exact: true }).fill("2025-12-31");
  await page.getByRole("button", { name: "Show these days" }).click();
  await page.waitForURL(/from=2025-12-31&to=2026-01-01/);
  await panel("Created and done").getByText("Nothing was created or done in these days").waitFor();
});

test("a project's charts are drawn of its own numbers, in tasks and in hours", async () => {
  await page.goto(made.url);
  await page.getByRole("main").getByRole("link", { name: "Analytics" }).click();
  await page.getByRole("heading", { name: "Analytics of Apollo" }).waitFor();
  for (const title of ["Burndown", "Burnup", "Cumulative flow", "Throughput", "Lead time", "Cycle time", "Lead time of each task"]) {
    await drawn(title);
  }
  assert.deepEqual((await table("Cumulative flow")).at(-1).slice(1), ["2", "0", "1", "2"]);
  assert.deepEqual((await table("Burndown")).at(-1).slice(1), ["3", "0"]);
  assert.deepEqual((await table("Lead time of each task")).slice(1).map(([name]) => name).sort(), ["APO-1 Survey the site", "APO-2 Order the dome"]);
  await page.getByLabel("Count").selectOption("Estimated hours");
  await eventually("hours", async () => (await chart("Burndown").locator("tr").last().textContent())?.includes("4 hr"));
  await page.waitForURL(/measure=estimate_seconds/);
  await chart("Lead time of each task").getByRole("link", { name: /APO-2/ }).click();
  await page.getByRole("complementary", { name: "Task APO-2" }).waitFor();
});

test("a report is made in the background, seen, downloaded, scheduled and removed", async () => {
  await page.goto(at("/analytics/reports"));
  await page.getByRole("heading", { name: "No reports yet" }).waitFor();
  await page.getByRole("button", { name: "New report" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name").fill("Done by person");
  await dialog.getByLabel("One row for each").selectOption("Person");
  await dialog.getByLabel("Lead time").check();
  await dialog.getByRole("button", { name: "Save" }).click();
  await page.getByRole("heading", { name: "Done by person", level: 1 }).waitFor();
  await page.getByRole("button", { name: "Make it now" }).click();
  const result = page.getByRole("region", { name: "Result" });
  await result.getByRole("table").waitFor();
  const rows = await result.locator("tr").evaluateAll((rows) => rows.map((row) => [...row.children].map((cell) => cell.textContent)));
  assert.deepEqual(rows.map((cells) => cells.slice(0, 3)), [["Person", "Tasks done", "Lead time, tasks"], ["None", "1", "1"], ["Ada Lovelace", "1", "1"]]);
  const [download] = await Promise.all([page.waitForEvent("download"), result.getByRole("button", { name: "Download CSV" }).click()]);
  const lines = (await readFile(await download.path(), "utf8")).trim().split("\r\n");
  assert.equal(lines[0], "user_id,tasks_done,lead_time_count,lead_time_mean_seconds,lead_time_p50_seconds,lead_time_p85_seconds,lead_time_p95_seconds");
  assert.ok(lines.at(-1).startsWith(`${me},1,1,`), lines.at(-1));
  await page.setViewportSize({ width: 360, height: 740 });
  assert.ok((await wider()) <= 0, "a report is too wide for a phone");
  await page.setViewportSize({ width: 1360, height: 860 });
  await page.getByRole("button", { name: "Schedule" }).click();
  await dialog.getByLabel("Every").selectOption("Month");
  await dialog.getByLabel("On day").fill("31");
  await dialog.getByRole("button", { name: "Save" }).click();
  await page.getByText(/^Made next on/).waitFor();
  await page.getByRole("button", { name: "Remove" }).click();
  await dialog.getByRole("button", { name: "Remove" }).click();
  await page.getByRole("heading", { name: "No reports yet" }).waitFor();
});

test("who may not see them finds no link, a plain reason, and their own numbers", async () => {
  await call(page, "POST", "/invitations", { email: member, role: "member" });
  const other = await open(browser);
  await other.goto(await linkInMail(member, "invitations"));
  await other.getByLabel("Your name").fill("Grace Hopper");
  await other.getByLabel("Password").fill(PASSWORD);
  await other.getByRole("button", { name: /^Join/ }).click();
  await other.waitForURL((url) => !url.pathname.startsWith("/invitations"));
  if (other.url().includes("/login")) await signIn(other, organization, member);
  await other.goto(origin(organization));
  await other.getByRole("link", { name: "All projects" }).waitFor();
  assert.equal(await other.getByRole("link", { name: "Analytics" }).count(), 0);
  await other.goto(at("/analytics"));
  await other.getByRole("heading", { name: "These numbers are for managers" }).waitFor();
  await other.getByRole("main").getByRole("link", { name: "Your numbers" }).last().click();
  await other.getByRole("heading", { name: "Your numbers", level: 1 }).waitFor();
  assert.deepEqual(other.complaints, []);
  await other.context().close();
});

test("on a phone no chart is wider than the screen", async () => {
  await page.setViewportSize({ width: 360, height: 740 });
  for (const [path, title] of [["/analytics", "Created and done"], [`/projects/${made.project.id}/analytics`, "Cumulative flow"], ["/analytics/links", "Links opened"], ["/analytics/people/me", "Burndown"]]) {
    await page.goto(at(path));
    await panel(title).waitFor();
    const over = await wider();
    assert.ok(over <= 0, `${path} is ${over}px too wide`);
  }
  await page.setViewportSize({ width: 1360, height: 860 });
});

test("the browser complained of nothing", () => {
  assert.deepEqual(page.complaints, []);
});

/** The link of the newest mail to an address, from the mail catcher. */
async function linkInMail(address, word) {
  let found;
  await eventually(`a mail to ${address}`, async () => {
    const mails = await new Promise((resolve, reject) => {
      http.get(`${process.env.TENANTRY_TEST_MAIL_URL}/messages.json?to=${address}`, async (answer) => resolve(JSON.parse(Buffer.concat(await answer.toArray()).toString("utf8")))).on("error", reject);
    });
    found = mails.flatMap((mail) => mail.links).find((link) => link.includes(word));
    return found !== undefined;
  });
  return found;
}
