// What people do, in a real browser, from the sign-up on.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { call, card, column, drag, eventually, launch, open, origin, signIn, signUp, titles, violations, work } from "./browser.mjs";

const organization = `web${Date.now().toString(36)}`;
const owner = `ada@${organization}.example`;
let browser;
let page;
let made;

before(async () => {
  browser = await launch();
});
after(() => browser?.close());

const columns = () => page.getByRole("region").filter({ has: page.locator("h2") });

test("somebody signs up, makes a project, adds tasks and drags one; a reload shows the same", async () => {
  page = await open(browser);
  await signUp(page, organization);
  await page.getByRole("link", { name: "All projects" }).click();
  await page.getByRole("button", { name: "New project" }).first().click();
  await page.getByLabel("Name").fill("First light");
  await page.getByRole("button", { name: "New project" }).last().click();
  await page.getByRole("heading", { name: "First light" }).waitFor();
  await column(page, "To do").getByRole("button", { name: "Add a task to To do" }).click();
  for (const title of ["Grind the mirror", "Align the axis", "Invite the press"]) {
    await page.getByLabel("Title").fill(title);
    await page.keyboard.press("Enter");
    await card(page, title).waitFor();
  }
  await page.keyboard.press("Escape");
  await drag(page, card(page, "Align the axis"), column(page, "In progress"));
  await eventually("the card is in its new column", async () => (await titles(page, "In progress")).includes("Align the axis"));
  await eventually("the move is answered", async () => (await page.locator(".border-dashed").count()) === 0);
  await drag(page, card(page, "Invite the press"), card(page, "Grind the mirror"), "top");
  await eventually("the card is above the other", async () => (await titles(page, "To do"))[0] === "Invite the press");
  await eventually("the move is answered", async () => (await page.locator(".border-dashed").count()) === 0);
  await page.reload();
  await card(page, "Align the axis").waitFor();
  assert.deepEqual(await titles(page, "To do"), ["Invite the press", "Grind the mirror"]);
  assert.deepEqual(await titles(page, "In progress"), ["Align the axis"]);
  assert.equal(await columns().count(), 4);
});

test("a board is worked by keyboard alone, and the focus stays with the card", async () => {
  made = await work(page, organization, [[0, { title: "One" }], [0, { title: "Two" }], [1, { title: "Three" }]]);
  await page.goto(made.url);
  await card(page, "One").waitFor();
  const focused = () => page.evaluate(() => document.activeElement?.textContent);
  await page.keyboard.press("j");
  assert.equal(await focused(), "One");
  await page.keyboard.press("j");
  await page.keyboard.press("Alt+ArrowRight");
  await eventually("the card is beside", async () => (await titles(page, "In progress")).includes("Two"));
  assert.equal(await focused(), "Two");
  await page.keyboard.press("m");
  await page.getByRole("menuitem", { name: "Done" }).focus();
  await page.keyboard.press("Enter");
  await eventually("the menu moved it", async () => (await titles(page, "Done")).includes("Two"));
  await eventually("the focus went along", async () => (await focused()) === "Two");
  await page.keyboard.press("Enter");
  await page.getByRole("complementary", { name: /^Task APO-/ }).waitFor();
  assert.match(page.url(), /task=APO-\d+/);
  await page.keyboard.press("Escape");
  await eventually("the focus is back on the card", async () => (await focused()) === "Two");
  await page.keyboard.press("?");
  await page.getByRole("dialog", { name: "Keyboard shortcuts" }).waitFor();
  await page.keyboard.press("Escape");
});

test("a refused move goes back alone, says why, and can be tried again", async () => {
  await page.goto(made.url);
  await card(page, "Three").waitFor();
  let refused = 0;
  await page.route("**/move", async (route) => {
    const id = route.request().url().split("/").at(-2);
    const three = await card(page, "Three").getAttribute("data-card");
    if (id !== three || refused > 0) return route.continue();
    refused += 1;
    await new Promise((resolve) => setTimeout(resolve, 400));
    const body = JSON.stringify({ type: "about:blank", title: "Conflict", status: 409, code: "wip_limit_reached" });
    return route.fulfill({ status: 409, contentType: "application/problem+json", body });
  });
  await drag(page, card(page, "Three"), column(page, "Review"));
  await drag(page, card(page, "One"), column(page, "Review"));
  await page.getByText(/^Not moved: The column is full/).waitFor();
  assert.deepEqual(await titles(page, "In progress"), ["Three"]);
  assert.deepEqual(await titles(page, "Review"), ["One"]);
  await page.getByRole("button", { name: "Try again" }).click();
  await eventually("the second try holds", async () => (await titles(page, "Review")).includes("Three"));
  assert.equal(await page.getByText(/^Not moved/).count(), 0);
  await page.unroute("**/move");
});

test("a task's text, checklist and comments are kept; what would run is shown as text", async () => {
  await page.goto(made.url);
  await card(page, "One").getByRole("link").click();
  await page.getByRole("button", { name: "Add a description" }).click();
  const evil = "**Bold** <img src=x onerror=\"window.hit=1\"> [x](javascript:window.hit=1) <script>window.hit=1</script>";
  await page.getByRole("textbox", { name: "Description" }).fill(evil);
  await page.getByRole("button", { name: "Save" }).click();
  await page.locator(".prose strong", { hasText: "Bold" }).waitFor();
  assert.equal(await page.locator(".prose img, .prose script, .prose a[href^=javascript]").count(), 0);
  assert.equal(await page.evaluate(() => window.hit), undefined);
  await page.getByRole("button", { name: "Add a checklist" }).click();
  await page.getByLabel("Add an item").fill("Measure twice");
  await page.keyboard.press("Enter");
  await page.getByRole("checkbox", { name: "Measure twice" }).check();
  await page.getByRole("textbox", { name: "Comment" }).fill("Looks good, @Ada");
  await page.getByRole("list", { name: "People" }).waitFor();
  await page.keyboard.press("Tab");
  await page.getByRole("button", { name: "Comment" }).click();
  await page.locator(".prose strong", { hasText: "@Ada Lovelace" }).waitFor();
  await page.reload();
  assert.equal(await page.getByRole("checkbox", { name: "Measure twice" }).isChecked(), true);
  await page.keyboard.press("Escape");
});

test("many tasks are changed at once, and taken back at once", async () => {
  await page.goto(`${made.url}?view=list`);
  for (const key of ["APO-1", "APO-3"]) await page.getByLabel(`Select ${key}`, { exact: true }).check();
  const bar = page.getByRole("toolbar", { name: "Selected tasks" });
  await bar.getByRole("button", { name: "Priority" }).click();
  await page.getByRole("menuitem", { name: "Urgent" }).click();
  await eventually("both are urgent", async () => (await page.getByRole("img", { name: "Urgent" }).count()) === 2);
  await page.getByRole("button", { name: "Undo" }).click();
  await eventually("neither is urgent", async () => (await page.getByRole("img", { name: "Urgent" }).count()) === 0);
});

test("one filter in the address holds in every view", async () => {
  await page.goto(`${made.url}?filter=three`);
  await eventually("one card", async () => (await page.locator("[data-card]").count()) === 1);
  for (const view of ["List", "Table"]) {
    await page.getByRole("group", { name: "View" }).getByRole("button", { name: view }).click();
    await page.getByRole("main").getByRole("link", { name: "Three" }).waitFor();
    assert.equal(await page.getByRole("main").getByRole("link", { name: "One" }).count(), 0);
  }
  assert.match(page.url(), /filter=three/);
  await page.getByLabel("Filter", { exact: true }).fill("due:nonsense");
  await page.keyboard.press("Enter");
  await page.getByRole("alert").waitFor();
});

test("a guest sees one task by a link with a password, and nothing else", async () => {
  await page.goto(made.url);
  await card(page, "One").getByRole("link").click();
  await page.getByRole("button", { name: "Share by link" }).click();
  await page.getByLabel("Password").fill("edelweiss-2841");
  await page.getByRole("button", { name: "Create a link" }).click();
  const link = await page.getByRole("dialog").locator("code").textContent();
  const guest = await open(browser);
  await guest.goto(link);
  await guest.locator("input[type=password]").fill("edelweiss-2841");
  await guest.keyboard.press("Enter");
  await guest.getByText("One").first().waitFor();
  assert.equal((await guest.goto(made.url)).status(), 200);
  await guest.getByRole("button", { name: "Sign in", exact: true }).waitFor();
  await guest.context().close();
  await page.keyboard.press("Escape");
});

test("on a phone nothing is wider than the screen, and a menu moves a card", async () => {
  const phone = await open(browser, { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true });
  await signIn(phone, organization, owner);
  for (const url of [origin(organization), `${origin(organization)}/projects`, made.url, `${made.url}?view=list`, `${made.url}?view=table`, `${made.url}?view=calendar`, `${made.url}?task=APO-1`]) {
    await phone.goto(url);
    await phone.getByRole("main").locator("h1, h2").first().waitFor();
    const wider = await phone.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(wider <= 0, `${url} is ${wider}px too wide`);
  }
  await phone.goto(made.url);
  await card(phone, "One").getByRole("button", { name: /^More of/ }).tap();
  await phone.getByRole("menuitem", { name: "Done" }).tap();
  await eventually("the card is done", async () => (await titles(phone, "Done")).includes("One"));
  await phone.context().close();
});

test("every text is there in German, and dates stay the days they are", async () => {
  const far = await open(browser, { locale: "de-DE", timezoneId: "Pacific/Kiritimati" });
  await far.goto(`${origin(organization)}/login`);
  await far.getByLabel("E-Mail").fill(owner);
  await far.getByLabel("Passwort").fill("granite-lantern-harbour");
  await far.getByRole("button", { name: "Anmelden", exact: true }).click();
  await far.getByRole("heading", { name: "Hallo, Ada" }).waitFor();
  assert.equal(await far.evaluate(() => document.documentElement.lang), "de");
  await far.goto(`${made.url}?task=APO-2`);
  await far.getByLabel("Fällig", { exact: true }).fill("2031-03-30");
  await far.getByLabel("Fällig", { exact: true }).blur();
  await far.locator("time", { hasText: "30. März 2031" }).waitFor();
  await eventually("the day is kept", async () => (await call(far, "GET", "/tasks/by-key/APO-2")).due_date === "2031-03-30");
  const near = await open(browser, { timezoneId: "Pacific/Pago_Pago" });
  await signIn(near, organization, owner);
  await near.goto(made.url);
  await near.locator("time", { hasText: "30 Mar 2031" }).waitFor();
  await far.context().close();
  await near.context().close();
});

test("the browser complained of nothing", () => {
  assert.deepEqual(page.complaints, []);
});

test("the page of the reset form and the sign-up have no barrier", async () => {
  const other = await open(browser);
  for (const url of [origin(), `${origin()}/find`, `${origin(organization)}/login`, `${origin(organization)}/reset-password`]) {
    for (const colorScheme of ["light", "dark"]) {
      await other.emulateMedia({ colorScheme });
      await other.goto(url);
      await other.getByRole("heading").first().waitFor();
      assert.deepEqual(await violations(other), [], `${url} ${colorScheme}`);
    }
  }
  assert.deepEqual(other.complaints, []);
  await other.context().close();
});
