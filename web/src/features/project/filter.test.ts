import { expect, it } from "vitest";

import { has, parts, quoted, toggled } from "./filter";

it("parts stand between blanks, but not those in quotes and brackets", () => {
  expect(parts('assignee:"Ada L" (due:7d OR is:overdue) engine')).toEqual(['assignee:"Ada L"', "(due:7d OR is:overdue)", "engine"]);
});

it("a menu switches its part on and off and leaves the rest alone", () => {
  const on = toggled('engine "two words"', "is:open");
  expect(on).toBe('engine "two words" is:open');
  expect(has(on, "is:open")).toBe(true);
  expect(toggled(on, "is:open")).toBe('engine "two words"');
});

it("alternatives of one name are put together", () => {
  const two = toggled("status:todo", "status:done");
  expect(two).toBe("status:todo,done");
  expect(has(two, "status:done")).toBe(true);
  expect(toggled(two, "status:todo")).toBe("status:done");
  expect(toggled("status:done", "status:done")).toBe("");
  expect(toggled(`label:${quoted("a, b")}`, "label:c")).toBe('label:"a, b",c');
});
