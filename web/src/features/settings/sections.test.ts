import { expect, it } from "vitest";

import { opens, ORGANIZATION, PERSONAL, sectionAt } from "./sections";
import { en } from "./words/en";

const open = (permissions: string[]) => ORGANIZATION.filter((section) => opens(section, permissions)).map(({ name }) => name);

it("everybody has an account, and a role opens the rest", () => {
  expect(PERSONAL.every((section) => opens(section, []))).toBe(true);
  expect(open([])).toEqual([]);
  expect(open(["member:read"])).toEqual(["members", "roles", "teams"]);
  expect(open(["audit:read", "security:manage"])).toEqual(["organization", "providers", "audit"]);
});

it("a section is found by its address, and every one has words", () => {
  expect(sectionAt("/settings/roles")?.name).toBe("roles");
  expect(sectionAt("/settings/none")).toBeUndefined();
  expect([...PERSONAL, ...ORGANIZATION].map(({ name }) => name).toSorted()).toEqual(Object.keys(en.sections).toSorted());
});
