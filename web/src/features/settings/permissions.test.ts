import { expect, it } from "vitest";

import { bySubject, PERMISSIONS, readingOnly } from "./permissions";
import { de } from "./words/de";
import { en } from "./words/en";

it("groups permissions by what they are about, unknown ones last", () => {
  expect(bySubject(["moon:land", "task:update", "project:read", "task:read"])).toEqual([
    ["project", ["project:read"]], ["task", ["task:read", "task:update"]], ["moon", ["moon:land"]],
  ]);
});

it("reading changes nothing", () => {
  expect(readingOnly(["task:read", "task:update", "audit:read"])).toEqual(["task:read", "audit:read"]);
});

it("every permission has words in every language", () => {
  for (const { permission } of [en, de]) {
    expect(Object.keys(permission.names).toSorted()).toEqual([...PERMISSIONS].toSorted());
    expect(Object.keys(permission.subjects).toSorted()).toEqual(bySubject(PERMISSIONS).map(([subject]) => subject).toSorted());
  }
});
