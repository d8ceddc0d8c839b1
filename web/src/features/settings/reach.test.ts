import { expect, it } from "vitest";

import type { Role } from "./queries";
import { chosenBy, reaches, roleOf } from "./reach";

const role = (name: string, permissions: string[], id?: string): Role =>
  ({ name, permissions, built_in: !id, description: "", members: 0, version: 1, ...(id && { id }) });

const owner = role("owner", ["member:manage", "organization:manage"]);
const admin = role("admin", ["member:manage"]);
const own = role("owner", ["member:manage"], "018f-1");

it("only owners make owners", () => {
  expect(reaches({ role: "owner", permissions: owner.permissions }, owner)).toBe(true);
  expect(reaches({ role: "admin", permissions: owner.permissions }, owner)).toBe(false);
});

it("nobody gives what he may not do", () => {
  expect(reaches({ role: "admin", permissions: ["member:manage"] }, admin)).toBe(true);
  expect(reaches({ role: "viewer", permissions: [] }, admin)).toBe(false);
});

it("a role of the organization's own may be called as it likes", () => {
  expect(reaches({ role: "admin", permissions: ["member:manage"] }, own)).toBe(true);
});

it("whoever has a role of the organization's own is found under it", () => {
  const member = { role: "viewer", custom_role: { id: "018f-1", name: "owner" } } as const;
  expect(chosenBy(member)).toBe("018f-1");
  expect(roleOf([owner, admin, own], member)).toBe(own);
});
