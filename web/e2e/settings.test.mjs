// What people set up for themselves and for their organization, in a real browser.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import http from "node:http";
import { after, before, test } from "node:test";

import { call, eventually, launch, open, origin, PASSWORD, signIn, signUp } from "./browser.mjs";

const organization = `set${Date.now().toString(36)}`;
const owner = `ada@${organization}.example`;
const guest = `grace@${organization}.example`;
const at = (section) => `${origin(organization)}/settings/${section}`;
let browser;
let page;
let other;

before(async () => {
  browser = await launch();
  page = await open(browser);
  await signUp(page, organization);
});
after(() => browser?.close());

const said = (text) => page.getByRole("region", { name: "Messages" }).getByText(text).waitFor();
const dialog = () => page.getByRole("dialog");
const row = (name) => page.getByRole("listitem").filter({ hasText: name });

/** The answer to a request that names its host; Node resolves no `*.localhost`. */
function get(url, headers = {}) {
  const { host, port, pathname, search } = new URL(url);
  return new Promise((resolve, reject) => {
    http.get({ host: "127.0.0.1", port, path: pathname + search, headers: { host, ...headers } }, async (answer) => {
      const parts = [];
      for await (const part of answer) parts.push(part);
      resolve({ status: answer.statusCode, text: Buffer.concat(parts).toString("utf8") });
    }).on("error", reject);
  });
}

/** The link of the newest mail to an address, from the mail catcher. */
async function linkInMail(address, word) {
  let link;
  await eventually(`a mail to ${address}`, async () => {
    const { text } = await get(`${process.env.TENANTRY_TEST_MAIL_URL}/messages.json?to=${address}`);
    link = JSON.parse(text).flatMap((mail) => mail.links).find((link) => link.includes(word));
    return link !== undefined;
  });
  return link;
}

const BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/** What an authenticator app shows now (RFC 6238). */
function code(secret) {
  const bits = [...secret.replace(/[^A-Z2-7]/g, "")].map((letter) => BASE32.indexOf(letter).toString(2).padStart(5, "0")).join("");
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => Number.parseInt(byte, 2)));
  const step = Buffer.alloc(8);
  step.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000)));
  const mac = createHmac("sha1", key).update(step).digest();
  const number = mac.readUInt32BE(mac[19] & 15) & 0x7fffffff;
  return String(number % 1_000_000).padStart(6, "0");
}

test("the settings open from the navigation, and a section is left for another", async () => {
  await page.getByRole("navigation", { name: "Navigation" }).getByRole("link", { name: "Settings" }).click();
  await page.getByRole("heading", { name: "Profile", level: 1 }).waitFor();
  await page.getByRole("navigation", { name: "Settings" }).getByRole("link", { name: "Members" }).click();
  await page.getByRole("heading", { name: "Members", level: 1 }).waitFor();
  await row("Ada Lovelace").waitFor();
});

test("somebody is invited, joins by the letter, gets another role and is found", async () => {
  await page.getByRole("button", { name: "Invite people" }).click();
  await page.getByLabel("E-mail addresses").fill(`${guest}, ${owner}`);
  await dialog().getByRole("button", { name: "Send" }).click();
  await dialog().getByText("belongs to a member already").waitFor();
  assert.equal(await page.getByLabel("E-mail addresses").inputValue(), owner);
  await page.keyboard.press("Escape");
  await page.goto(at("invitations"));
  await row(guest).waitFor();
  other = await open(browser);
  await other.goto(await linkInMail(guest, "invitations"));
  await other.getByLabel("Your name").fill("Grace Hopper");
  await other.getByLabel("Password").fill(PASSWORD);
  await other.getByRole("button", { name: "Join" }).click();
  await other.getByRole("button", { name: "Find anything" }).waitFor();
  await page.goto(at("members"));
  await page.getByLabel("Role of Grace Hopper").selectOption("Viewer");
  await said("Grace Hopper is Viewer from now on.");
  await page.getByLabel("Name or address").fill("lovel");
  await row("Grace Hopper").waitFor({ state: "detached" });
  assert.match(page.url(), /q=lovel/);
});

test("a role of one's own is made and given, and its owner sees what it opens", async () => {
  await page.goto(at("roles"));
  await page.getByRole("button", { name: "New role" }).click();
  await page.getByLabel("Name", { exact: true }).fill("Auditor");
  await page.getByLabel("Read the log of security events").check();
  await dialog().getByRole("button", { name: "Save" }).click();
  await said("Auditor can be given to people now.");
  await other.goto(at("members"));
  await other.getByRole("heading", { name: "Members", level: 1 }).waitFor();
  assert.equal(await other.getByRole("link", { name: "Audit log" }).count(), 0);
  assert.equal(await other.getByRole("button", { name: "Invite people" }).count(), 0);
  await page.goto(at("members"));
  await page.getByLabel("Role of Grace Hopper").selectOption("Auditor");
  await said("Grace Hopper is Auditor from now on.");
  await eventually("the role holds", async () => {
    await other.goto(at("audit"));
    await other.getByRole("heading", { name: "Audit log", level: 1 }).waitFor();
    await other.getByText("This is not yours to see").or(other.getByLabel("Outcome")).first().waitFor();
    return (await other.getByLabel("Outcome").count()) === 1;
  });
});

test("a team is made, led and put away", async () => {
  await page.goto(at("teams"));
  await page.getByRole("button", { name: "New team" }).click();
  await page.getByLabel("Name", { exact: true }).fill("Ground crew");
  await dialog().getByRole("button", { name: "New team" }).click();
  await page.getByLabel("Add somebody").selectOption("Grace Hopper");
  await dialog().getByRole("button", { name: "Add", exact: true }).click();
  await page.getByLabel("Role of Grace Hopper").selectOption("Lead");
  await eventually("she leads", async () => {
    const [{ id }] = (await call(page, "GET", "/teams")).items;
    return (await call(page, "GET", `/teams/${id}/members`)).items.some((member) => member.name === "Grace Hopper" && member.role === "lead");
  });
  assert.match(page.url(), /team=/);
  await dialog().getByRole("button", { name: "Put away" }).click();
  await dialog().getByRole("button", { name: "Bring back" }).waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: /^Ground crew.*put away/ }).waitFor();
});

test("a token is shown once, works, and is refused once it is revoked", async () => {
  await page.goto(at("tokens"));
  await page.getByRole("button", { name: "New token" }).click();
  await page.getByLabel("What it is for").fill("Nightly report");
  await dialog().getByRole("button", { name: "New token" }).click();
  const token = await page.getByLabel("Token", { exact: true }).textContent();
  const status = async (path) => (await get(`${origin(organization)}/api/v1${path}`, { authorization: `Bearer ${token}` })).status;
  assert.equal(await status("/projects"), 200);
  assert.equal(await status("/auth/sessions"), 403);
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "I have it" }).click();
  await row("Nightly report").waitFor();
  assert.equal((await page.content()).includes(token), false);
  await page.getByRole("button", { name: "Revoke Nightly report" }).click();
  await dialog().getByRole("button", { name: "Revoke" }).click();
  await said("Nightly report is revoked.");
  await eventually("the token is refused", async () => (await status("/projects")) === 401);
});

test("another session is ended from here", async () => {
  const elsewhere = await open(browser);
  await signIn(elsewhere, organization, owner);
  await page.goto(at("sessions"));
  // The last used stands first.
  await page.getByRole("button", { name: /^Sign out Chrom/ }).first().click();
  await said(/is signed out\.$/);
  await eventually("it is out there too", async () => {
    await elsewhere.goto(at("sessions"));
    await elsewhere.getByRole("button", { name: "Sign in", exact: true }).or(elsewhere.getByRole("heading", { level: 1 })).first().waitFor();
    return new URL(elsewhere.url()).pathname === "/login";
  });
  await elsewhere.context().close();
  await page.getByRole("button", { name: "Sign out everywhere else" }).click();
  await dialog().getByRole("button", { name: "Sign out everywhere else" }).click();
  await eventually("one session is left", async () => (await page.getByRole("list", { name: "Sessions" }).getByRole("listitem").count()) === 1);
});

test("name and rules of the organization are kept", async () => {
  await page.goto(at("organization"));
  await page.getByLabel("Name", { exact: true }).fill("Orbit Renamed");
  await page.getByRole("region", { name: "Name and address" }).getByRole("button", { name: "Save" }).click();
  await page.getByRole("navigation", { name: "Navigation" }).getByText("Orbit Renamed").waitFor();
  await page.getByLabel("Domains that may join").fill("@orbit.example, moon.example");
  await page.getByRole("region", { name: "Rules of sign-in" }).getByRole("button", { name: "Save" }).click();
  await eventually("the rules are kept", async () => (await call(page, "GET", "/organization")).allowed_email_domains.length === 2);
  await page.getByLabel("Longest life of a link in days").fill("30");
  await page.getByRole("region", { name: "Sharing by link" }).getByRole("button", { name: "Save" }).click();
  await eventually("the policy is kept", async () => (await call(page, "GET", "/links/policy")).max_days === 30);
});

test("an authenticator app is set up after one has proved to be oneself, and removed", async () => {
  await page.goto(at("security"));
  await page.getByRole("button", { name: "Set up" }).click();
  await page.getByLabel("Your password").fill("not-my-password");
  await dialog().getByRole("button", { name: "Go on" }).click();
  await dialog().getByRole("alert").getByText("The password or the code is wrong.").waitFor();
  await page.getByLabel("Your password").fill(PASSWORD);
  await dialog().getByRole("button", { name: "Go on" }).click();
  await page.getByLabel("Code", { exact: true }).fill(code(await dialog().locator("code").textContent()));
  await dialog().getByRole("button", { name: "Finish" }).click();
  const codes = page.getByRole("dialog", { name: "Your recovery codes" });
  await codes.waitFor();
  assert.equal(await codes.getByRole("listitem").count(), 10);
  await page.getByRole("button", { name: "I have them" }).click();
  await page.getByText("10 unused codes are left.").waitFor();
  await page.getByRole("region", { name: "Authenticator app" }).getByRole("button", { name: "Remove" }).click();
  await page.getByLabel("Your password").fill(PASSWORD);
  await dialog().getByRole("button", { name: "Remove" }).click();
  await page.getByRole("button", { name: "Set up" }).waitFor();
});

test("a webhook is made, its secret shown once, tried and switched off", async () => {
  await page.goto(at("webhooks"));
  await page.getByRole("button", { name: "New webhook" }).click();
  await page.getByLabel("Address", { exact: true }).fill("https://hooks.invalid/tenantry");
  await page.getByLabel("Tasks", { exact: true }).check();
  await dialog().getByRole("button", { name: "New webhook" }).click();
  assert.match(await page.getByLabel("Signing secret", { exact: true }).last().textContent(), /^whsec_/);
  await page.getByRole("button", { name: "I have it" }).click();
  await row("task.*").getByRole("button", { name: /^Open/ }).click();
  await dialog().getByRole("button", { name: "Send a test" }).click();
  await dialog().getByText("webhook.test").waitFor();
  await dialog().getByRole("button", { name: "Switch off" }).click();
  await dialog().getByRole("button", { name: "Switch on" }).waitFor();
  await page.keyboard.press("Escape");
  await page.getByText("switched off").waitFor();
});

test("the log tells of all this, and is filtered by its address", async () => {
  await page.goto(at("audit"));
  await page.getByText("Role of a member changed: Grace Hopper").first().waitFor();
  await page.getByText("(Viewer → Auditor)").waitFor();
  await page.getByLabel("What", { exact: true }).selectOption("Access tokens");
  await page.getByText("Access token revoked").first().waitFor();
  await page.getByText("Role of a member changed").waitFor({ state: "detached" });
  assert.match(page.url(), /action=token/);
  await page.getByText("Access token made").click();
  await page.getByText("token.created").waitFor();
});

test("a member goes, after one was told what becomes of the work", async () => {
  await page.goto(at("members"));
  await page.getByRole("button", { name: "More about Grace Hopper" }).click();
  await page.getByRole("menuitem", { name: "Remove from the organization…" }).click();
  await dialog().getByText("Tasks, comments and projects they made stay.").waitFor();
  await dialog().getByRole("button", { name: "Remove", exact: true }).click();
  await said("Grace Hopper is no member any more.");
  await row("Grace Hopper").waitFor({ state: "detached" });
});

test("on a phone no section is wider than the screen, and a menu leads to each", async () => {
  await page.setViewportSize({ width: 360, height: 740 });
  for (const section of ["profile", "security", "sessions", "tokens", "members", "invitations", "roles", "teams", "organization", "providers", "webhooks", "audit"]) {
    await page.goto(at(section));
    await page.getByRole("heading", { level: 1 }).waitFor();
    await page.getByRole("main").locator(".animate-pulse").first().waitFor({ state: "detached" });
    const wider = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(wider <= 0, `${section} is ${wider}px too wide`);
  }
  await page.getByRole("navigation", { name: "Settings" }).getByRole("button", { name: "Audit log" }).click();
  await page.getByRole("menuitem", { name: "Roles" }).click();
  await page.getByRole("heading", { name: "Roles", level: 1 }).waitFor();
});

test("the browser complained of nothing", () => {
  assert.deepEqual(page.complaints, []);
});
