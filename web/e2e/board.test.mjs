// A board to its end: lanes, keys, columns, and what others do on it.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { call, card, column, drag, eventually, launch, open, signIn, signUp, titles, violations, work } from "./browser.mjs";

const organization = `board${Date.now().toString(36)}`;
let browser;
let page;
let made;
let me;

before(async () => {
  browser = await launch();
  page = await open(browser);
  await signUp(page, organization);
  me = (await call(page, "GET", "/auth/me")).user.id;
  made = await work(page, organization, [
    [0, { title: "One", assignee_ids: [me], priority: "high", labels: ["Engine"] }], [0, { title: "Two", priority: "low" }],
    [1, { title: "Three", assignee_ids: [me], priority: "low", description: "With **strength**" }], [2, { title: "Four" }],
  ]);
});
after(() => browser?.close());

const lane = (name) => page.getByRole("region", { name, exact: true });
const cell = (name) => page.getByRole("group", { name, exact: true });
const inCell = (name) => cell(name).locator("[data-card] a").allTextContents();
const focused = () => page.evaluate(() => document.activeElement?.textContent);
const onBoard = async (search = "") => {
  await page.goto(`${made.url}${search}`);
  await card(page, "One").first().waitFor();
};
const picture = async (name) => {
  if (process.env.SCREENSHOTS) await page.screenshot({ path: `${process.env.SCREENSHOTS}/${name}.png` });
};

test("lanes stand in the address, are dragged across and stay closed", async () => {
  await onBoard();
  await page.getByRole("button", { name: "Lanes" }).click();
  await page.getByRole("menuitem", { name: "By priority" }).click();
  await lane("Urgent").waitFor();
  assert.match(page.url(), /lanes=priority/);
  assert.deepEqual(await inCell("To do, High"), ["One"]);
  assert.deepEqual(await inCell("In progress, Low"), ["Three"]);
  await picture("lanes-light");
  await drag(page, card(page, "Two"), cell("In progress, Urgent"));
  await eventually("the card has the lane's priority and the column", async () => (await inCell("In progress, Urgent"))[0] === "Two");
  await eventually("the server has both", async () => {
    const task = await call(page, "GET", "/tasks/by-key/APO-2");
    return task.priority === "urgent" && task.column_id === made.board.columns[1].id;
  });
  await lane("Medium").getByRole("button", { name: /^Medium/ }).click();
  await page.reload();
  await card(page, "One").waitFor();
  assert.equal(await lane("Medium").getByRole("button", { name: /^Medium/ }).getAttribute("aria-expanded"), "false");
  assert.equal(await cell("To do, Medium").count(), 0);
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme });
    assert.deepEqual(await violations(page), [], colorScheme);
  }
  await picture("lanes-dark");
  await page.emulateMedia({ colorScheme: "light" });
});

test("keys go across lanes, alone and with a card", async () => {
  await onBoard("?lanes=assignee");
  assert.deepEqual(await inCell("To do, Ada Lovelace"), ["One"]);
  await card(page, "Three").getByRole("link").focus();
  await page.keyboard.press("j");
  assert.equal(await focused(), "Two");
  await page.keyboard.press("k");
  await page.keyboard.press("Alt+ArrowDown");
  await eventually("the card is nobody's", async () => (await inCell("In progress, Nobody")).includes("Three"));
  await eventually("the server says so", async () => (await call(page, "GET", "/tasks/by-key/APO-3")).assignee_ids.length === 0);
  await eventually("the focus went along", async () => (await focused()) === "Three");
});

test("single keys open menus on the focused card, and the focus comes back", async () => {
  await onBoard();
  await card(page, "Four").getByRole("link").focus();
  await page.keyboard.press("p");
  await page.getByRole("menuitem", { name: "Urgent" }).focus();
  await page.keyboard.press("Enter");
  await card(page, "Four").getByRole("img", { name: "Urgent" }).waitFor();
  await eventually("the focus is back", async () => (await focused()) === "Four");
  await page.keyboard.press("a");
  await page.getByRole("menuitemcheckbox", { name: "Ada Lovelace" }).click();
  await page.keyboard.press("Escape");
  await card(page, "Four").getByRole("img", { name: "Ada Lovelace" }).waitFor();
  await page.keyboard.press("l");
  await page.getByRole("menuitemcheckbox", { name: "Engine" }).click();
  await page.keyboard.press("Escape");
  await card(page, "Four").getByText("Engine").waitFor();
  await page.keyboard.press("d");
  await page.getByRole("menuitem", { name: "Tomorrow" }).click();
  await card(page, "Four").getByText("tomorrow").waitFor();
  await page.keyboard.press("s");
  await page.getByRole("menuitem", { name: "Done" }).click();
  await eventually("it is done", async () => (await titles(page, "Done")).includes("Four"));
  await card(page, "Four").getByRole("link").focus();
  await page.keyboard.press("x");
  await page.keyboard.press("p");
  await page.getByRole("menuitem", { name: "Low" }).click();
  await card(page, "Four").getByRole("img", { name: "Low" }).waitFor();
  await page.keyboard.press("q");
  await eventually("only mine are left", async () => (await page.locator("[data-card]").count()) === 2);
  await page.keyboard.press("q");
  await card(page, "Two").waitFor();
});

test("Space looks into a card, follows the focus and opens nothing", async () => {
  await onBoard();
  await card(page, "Three").getByRole("link").focus();
  await page.keyboard.press(" ");
  const peek = page.getByRole("complementary", { name: "Preview of APO-3" });
  await peek.locator("strong", { hasText: "strength" }).waitFor();
  assert.deepEqual(await violations(page), []);
  await picture("peek-light");
  await page.keyboard.press("ArrowLeft");
  await page.getByRole("complementary", { name: "Preview of APO-1" }).waitFor();
  await page.keyboard.press(" ");
  await eventually("it is closed", async () => (await page.getByRole("complementary", { name: /^Preview/ }).count()) === 0);
  assert.doesNotMatch(page.url(), /task=/);
});

test("columns are added, changed, moved and deleted on the board", async () => {
  await page.setViewportSize({ width: 1900, height: 860 });
  await onBoard();
  await page.getByRole("button", { name: "Add a column" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name").fill("Waiting");
  await dialog.getByLabel("At most so many tasks").fill("1");
  await dialog.getByRole("button", { name: "Add a column" }).click();
  await column(page, "Waiting").waitFor();
  const names = () => page.locator("[data-column]").evaluateAll((columns) => columns.map((column) => column.getAttribute("aria-label")));
  assert.deepEqual(await names(), ["To do", "In progress", "Review", "Done", "Waiting"]);
  await column(page, "Waiting").getByRole("button", { name: "More of column Waiting" }).click();
  await page.getByRole("menuitem", { name: "Move left" }).click();
  await eventually("it is before the last", async () => (await names())[3] === "Waiting");
  const head = (name) => column(page, name).locator("[data-column-head]");
  const [from, to] = [await head("Waiting").boundingBox(), await head("In progress").boundingBox()];
  await page.mouse.move(from.x + 60, from.y + 10);
  await page.mouse.down();
  await page.mouse.move(from.x + 40, from.y + 12, { steps: 3 });
  await page.mouse.move(to.x + 12, to.y + 10, { steps: 8 });
  await page.mouse.move(to.x + 8, to.y + 10, { steps: 2 });
  await page.mouse.up();
  await eventually("it is the second", async () => (await names())[1] === "Waiting");
  await eventually("the server says so", async () => (await call(page, "GET", `/boards/${made.board.id}?cards=0`)).columns[1].name === "Waiting");
  await column(page, "Waiting").getByRole("button", { name: "More of column Waiting" }).click();
  await page.getByRole("menuitem", { name: "Edit the column…" }).click();
  await dialog.getByLabel("Name").fill("On hold");
  await dialog.getByRole("button", { name: "Save" }).click();
  await column(page, "On hold").waitFor();
  for (const title of ["One", "Two"]) {
    await drag(page, card(page, title), column(page, "On hold"));
    await eventually("the card is there", async () => (await titles(page, "On hold")).includes(title));
  }
  await column(page, "On hold").getByText("over its limit").waitFor();
  await column(page, "On hold").getByRole("button", { name: "More of column On hold" }).click();
  await page.getByRole("menuitem", { name: "Delete the column…" }).click();
  await dialog.getByLabel("Its tasks go to").selectOption({ label: "Review" });
  await picture("column-delete-light");
  await dialog.getByRole("button", { name: "Delete the column" }).click();
  await eventually("the column is gone", async () => !(await names()).includes("On hold"));
  assert.deepEqual((await titles(page, "Review")).toSorted(), ["One", "Two"]);
  await page.setViewportSize({ width: 1360, height: 860 });
});

test("a card in somebody's hand says so to the others, and lists are live too", async () => {
  const other = await open(browser);
  await signIn(other, organization, `ada@${organization}.example`);
  for (const window of [page, other]) {
    await window.goto(made.url);
    await card(window, "One").waitFor();
  }
  for (const window of [page, other]) {
    await window.getByRole("status", { name: "Who else is here" }).waitFor({ state: "attached" });
  }
  const box = await card(page, "One").boundingBox();
  await page.mouse.move(box.x + 20, box.y + 30);
  await page.mouse.down();
  await page.mouse.move(box.x + 60, box.y + 60, { steps: 4 });
  await card(other, "One").getByText("Ada Lovelace is moving this").waitFor();
  if (process.env.SCREENSHOTS) await other.screenshot({ path: `${process.env.SCREENSHOTS}/in-hand-light.png` });
  await page.mouse.move(box.x + 20, box.y + 30, { steps: 2 });
  await page.mouse.up();
  await eventually("nobody has it any more", async () => (await other.getByText("is moving this").count()) === 0);
  await other.goto(`${made.url}?view=list`);
  await other.getByRole("link", { name: "One" }).waitFor();
  await other.waitForLoadState("networkidle");
  await call(page, "POST", `/projects/${made.project.id}/tasks`, { title: "Five" });
  await other.getByRole("link", { name: "Five" }).waitFor();
  assert.deepEqual(other.complaints, []);
  await other.context().close();
});

test("a project's name, labels and members are changed on screen, and it is put away and taken out again", async () => {
  await onBoard();
  await page.getByRole("link", { name: "Project settings" }).click();
  await page.getByLabel("Name", { exact: true }).fill("Apollo 18");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByRole("heading", { name: "Apollo 18" }).waitFor();
  await page.getByLabel("New label", { exact: true }).fill("Structure");
  await page.getByRole("button", { name: "Add the label" }).click();
  await page.getByLabel("Name of Structure").waitFor();
  await page.getByLabel("Name of Engine").fill("Engines");
  await page.getByLabel("Name of Engine").press("Enter");
  await page.getByLabel("Name of Engines").waitFor();
  await page.getByRole("button", { name: "Delete the label Structure" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Remove" }).click();
  await eventually("the label is gone", async () => (await page.getByLabel("Name of Structure").count()) === 0);
  await page.getByRole("region", { name: "Members" }).getByText("Ada Lovelace").waitFor();
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme });
    await page.reload();
    await page.getByLabel("Name of Engines").waitFor();
    assert.deepEqual(await violations(page), [], colorScheme);
    await picture(`project-settings-${colorScheme}`);
  }
  await page.emulateMedia({ colorScheme: "light" });
  await page.getByRole("button", { name: "Put away" }).click();
  await page.getByRole("button", { name: "Take out again" }).waitFor();
  assert.equal(await page.getByLabel("Name", { exact: true }).isDisabled(), true);
  await page.goto(new URL("/projects", made.url).href);
  await page.getByRole("region", { name: "Put away" }).getByRole("link", { name: /^Apollo 18/ }).click();
  await card(page, "One").waitFor();
  assert.equal(await page.getByRole("button", { name: "Add a column" }).count(), 0);
  await page.getByRole("link", { name: "Project settings" }).click();
  await page.getByRole("button", { name: "Take out again" }).click();
  await page.getByRole("button", { name: "Put away" }).waitFor();
});

test("who only reads gets nothing to change", async () => {
  const reader = await open(browser);
  await reader.addInitScript(() => {
    const fetched = window.fetch;
    window.fetch = async (...args) => {
      const answer = await fetched(...args);
      const { pathname } = new URL(answer.url);
      if (pathname === "/api/v1/auth/me") return Response.json({ ...(await answer.json()), role: "viewer", permissions: ["member:read", "project:read", "task:read"] });
      return pathname.endsWith("/members") ? Response.json({ items: [] }) : answer;
    };
  });
  await signIn(reader, organization, `ada@${organization}.example`);
  await reader.goto(made.url);
  await card(reader, "One").waitFor();
  for (const name of [/^More of/, "Add a column", /^Add a task/]) assert.equal(await reader.getByRole("button", { name }).count(), 0);
  await reader.goto(`${made.url}/settings`);
  await reader.getByText("You may look at this").waitFor();
  for (const name of ["Save", "Add the label", "Add a member", "Put away"]) assert.equal(await reader.getByRole("button", { name }).count(), 0);
  await reader.context().close();
});

test("on a phone neither lanes nor settings are wider than the screen", async () => {
  await page.setViewportSize({ width: 360, height: 740 });
  await onBoard("?lanes=priority");
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
  await picture("lanes-phone");
  await page.goto(`${made.url}/settings`);
  await page.getByRole("button", { name: "Add the label" }).waitFor();
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
  await picture("project-settings-phone");
  await page.setViewportSize({ width: 1360, height: 860 });
});

test("the browser complained of nothing", () => assert.deepEqual(page.complaints, []));
