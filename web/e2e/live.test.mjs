// Two windows on one board: what is done in one is seen in the other.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { call, card, column, drag, eventually, launch, open, origin, signIn, signUp, titles, work } from "./browser.mjs";

const organization = `live${Date.now().toString(36)}`;
let browser;
let one;
let other;
let made;

before(async () => {
  browser = await launch();
  one = await open(browser);
  other = await open(browser);
  await signUp(one, organization);
  made = await work(one, organization, [[0, { title: "One" }], [0, { title: "Two" }], [1, { title: "Three" }]]);
  await signIn(other, organization, `ada@${organization}.example`);
  for (const page of [one, other]) {
    await page.goto(made.url);
    await card(page, "One").waitFor();
    await page.waitForLoadState("networkidle");
  }
});
after(() => browser?.close());

/** When a card is in a column of a page, by the page's own clock in milliseconds. */
const seen = (page, title, id) =>
  page.evaluate(([title, id]) => new Promise((resolve) => {
    const there = () => [...document.querySelectorAll(`[data-column="${id}"] [data-card] a`)].some((link) => link.textContent === title);
    if (there()) return resolve(Date.now());
    const observer = new MutationObserver(() => {
      if (!there()) return;
      observer.disconnect();
      resolve(Date.now());
    });
    observer.observe(document.body, { childList: true, subtree: true });
  }), [title, id]);

/** A whole second of a debug build on a busy machine; docs/WEB.md has what was measured. */
const SOON_MS = 1000;

test("a drag in one window is seen in the other", async (context) => {
  const [todo, doing] = made.board.columns;
  for (const [title, name, id] of [["One", "In progress", doing.id], ["Three", "To do", todo.id], ["Two", "In progress", doing.id]]) {
    const here = seen(one, title, id);
    const there = seen(other, title, id);
    await drag(one, card(one, title), column(one, name));
    const took = (await there) - (await here);
    context.diagnostic(`${title}: ${took} ms`);
    assert.ok(took < SOON_MS, `${title} took ${took} ms`);
  }
  assert.deepEqual(await titles(other, "In progress"), await titles(one, "In progress"));
});

test("new tasks, other titles and comments come too", async () => {
  const task = await call(one, "POST", `/projects/${made.project.id}/tasks`, { title: "Four" });
  await card(other, "Four").waitFor();
  await other.goto(`${made.url}?task=${task.key}`);
  await other.getByRole("complementary", { name: `Task ${task.key}` }).getByLabel("Title", { exact: true }).waitFor();
  await other.waitForLoadState("networkidle");
  await call(one, "PATCH", `/tasks/${task.id}`, { title: "Four and a half" });
  await card(other, "Four and a half").waitFor();
  await call(one, "POST", `/tasks/${task.id}/comments`, { body: "It moves" });
  await other.getByText("It moves").waitFor();
});

test("who was cut off sees what was missed", async () => {
  await other.goto(made.url);
  await card(other, "One").waitFor();
  await other.context().setOffline(true);
  await call(one, "POST", `/projects/${made.project.id}/tasks`, { title: "Meanwhile" });
  await card(one, "Four and a half").waitFor();
  await other.context().setOffline(false);
  await eventually("the task is there", async () => (await card(other, "Meanwhile").count()) === 1);
  assert.equal(new URL(other.url()).origin, origin(organization));
});
