// Every screen in light and dark: axe finds nothing, and pictures are taken where SCREENSHOTS names a folder.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { call, eventually, launch, open, origin, signUp, violations, work } from "./browser.mjs";

const organization = `pics${Date.now().toString(36)}`;
let browser;
let page;
let made;

const day = (days) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);

before(async () => {
  browser = await launch();
  page = await open(browser);
  await signUp(page, organization, "Orbit Launch");
  const me = (await call(page, "GET", "/auth/me")).user.id;
  const mine = { assignee_ids: [me] };
  made = await work(page, organization, [
    [0, { title: "Thermal model of the second stage", priority: "high", labels: ["Propulsion"], due_date: day(9) }],
    [0, { title: "Order flight-grade connectors", ...mine, due_date: day(3), labels: ["Avionics"] }],
    [0, { title: "Draft the range-safety letter", priority: "low" }],
    [0, { title: "Pick a name for the mission patch", priority: "low", labels: ["Team"] }],
    [1, { title: "Hot-fire test, 40 seconds", priority: "urgent", ...mine, due_date: day(0), labels: ["Propulsion"] }],
    [1, { title: "Guidance: replay last flight's telemetry", ...mine, labels: ["Avionics"], due_date: day(-2) }],
    [2, { title: "Weld inspection report", priority: "high", labels: ["Structure"], due_date: day(1) }],
    [2, { title: "Ground-station link budget", ...mine, labels: ["Avionics"] }],
    [3, { title: "Vibration table booked", labels: ["Structure"] }],
    [3, { title: "Propellant contract signed", priority: "high", labels: ["Propulsion"] }],
    [3, { title: "Launch window agreed with the range", ...mine }],
  ]);
  await call(page, "PATCH", `/columns/${made.board.columns[1].id}`, { wip_limit: 1 });
  const task = await call(page, "GET", "/tasks/by-key/APO-5");
  await call(page, "PATCH", `/tasks/${task.id}`, { description: "Full duration at **102 %** thrust.\n\n- [x] pad clear\n- [ ] cameras on\n\n> Abort above 3,450 K at the throat." });
  const list = await call(page, "POST", `/tasks/${task.id}/checklists`, { name: "Before ignition" });
  for (const [text, done] of [["Leak check", true], ["Fill to 98 %", true], ["Arm the igniter", false]]) await call(page, "POST", `/tasks/${task.id}/checklists/${list.id}/items`, { text, done });
  await call(page, "POST", `/tasks/${task.id}/subtasks`, { title: "Calibrate thrust stand" });
  const comment = await call(page, "POST", `/tasks/${task.id}/comments`, { body: "Data from the last run is in. The _chamber pressure_ trace looks clean." });
  await call(page, "PUT", `/comments/${comment.id}/reactions/rocket`);
  await call(page, "PUT", `/favourites/project/${made.project.id}`);
});
after(() => browser?.close());

const at = (path) => `${origin(organization)}${path}`;

/** Screens: where they are, what shows that they are there, and what is opened there. */
const screens = () => [
  ["home", at("/"), "Hot-fire test, 40 seconds"],
  ["projects", at("/projects"), "Apollo"],
  ["board", made.url, "Hot-fire test, 40 seconds"],
  ["list", `${made.url}?view=list`, "Hot-fire test, 40 seconds"],
  ["table", `${made.url}?view=table`, "Hot-fire test, 40 seconds"],
  ["calendar", `${made.url}?view=calendar`, "Hot-fire test, 40 seconds"],
  ["task", `${made.url}?task=APO-5`, "Arm the igniter"],
  ["search", at("/search?q=telemetry"), "Guidance: replay last flight's"],
  ["palette", made.url, "Hot-fire test, 40 seconds", () => page.keyboard.press("Control+k")],
  ["new-task", made.url, "Hot-fire test, 40 seconds", () => page.keyboard.press("c")],
  ["shortcuts", made.url, "Hot-fire test, 40 seconds", () => page.keyboard.press("?")],
  ["share", `${made.url}?task=APO-5`, "Arm the igniter", () => page.getByRole("button", { name: "Share by link" }).click()],
  ["filter", made.url, "Hot-fire test, 40 seconds", () => page.getByRole("button", { name: "Filter", exact: true }).click()],
  ["profile", at("/settings/profile"), "About you"],
  ["security", at("/settings/security"), "No passkeys yet"],
  ["sessions", at("/settings/sessions"), "this one"],
  ["tokens", at("/settings/tokens"), "No access tokens"],
  ["new-token", at("/settings/tokens"), "No access tokens", () => page.getByRole("button", { name: "New token" }).click()],
  ["members", at("/settings/members"), `ada@${organization}.example`],
  ["invitations", at("/settings/invitations"), "No invitations here"],
  ["roles", at("/settings/roles"), "Built in"],
  ["teams", at("/settings/teams"), "No teams yet"],
  ["organization", at("/settings/organization"), "Members may share by link"],
  ["providers", at("/settings/providers"), "No provider yet"],
  ["webhooks", at("/settings/webhooks"), "No webhooks"],
  ["audit", at("/settings/audit"), "Signed in"],
  ["analytics", at("/analytics"), "Where work stands"],
  ["project-analytics", `${made.url}/analytics`, "Cumulative flow"],
  ["links-analytics", at("/analytics/links"), "Links made"],
  ["reports", at("/analytics/reports"), "No reports yet"],
  ["new-report", at("/analytics/reports"), "No reports yet", () => page.getByRole("button", { name: "New report" }).click()],
  ["nowhere", at("/settings/none"), "There is nothing here"],
];

test("no screen has a barrier, in light and in dark", async () => {
  for (const [name, url, text, act] of screens()) {
    await page.goto(url);
    await page.getByText(text).first().waitFor();
    await act?.();
    if (act) await page.locator("dialog[open], [role=menu]").first().waitFor();
    await eventually("all is read", async () => (await page.locator(".animate-pulse").count()) === 0);
    for (const colorScheme of ["light", "dark"]) {
      await page.emulateMedia({ colorScheme });
      assert.deepEqual(await violations(page), [], `${name} ${colorScheme}`);
      if (process.env.SCREENSHOTS) await page.screenshot({ path: `${process.env.SCREENSHOTS}/${name}-${colorScheme}.png` });
    }
  }
  assert.deepEqual(page.complaints, []);
});
