import { expect, it } from "vitest";

import { task } from "~/features/board/samples";

import { reversal } from "./bulk";

it("each task gets back what it had, in one request a value", () => {
  const tasks = [{ ...task("1", "todo"), priority: "low" as const }, task("2", "todo"), task("3", "todo")];
  expect(reversal(tasks, { priority: "urgent" })).toEqual([
    { ids: ["1"], change: { priority: "low" } },
    { ids: ["2", "3"], change: { priority: "medium" } },
  ]);
  const marked = { ...task("4", "todo"), label_ids: ["x"] };
  expect(reversal([marked, task("5", "todo")], { add_label_ids: ["x"] })).toEqual([{ ids: ["5"], change: { remove_label_ids: ["x"] } }]);
  expect(reversal([task("1", "todo")], { due_date: "2026-01-01" })).toEqual([{ ids: ["1"], change: { due_date: null } }]);
});
