// @vitest-environment happy-dom
import { expect, it } from "vitest";

import { renewed } from "~/features/board/arrangement";
import { board, shape, task } from "~/features/board/samples";
import { traceparent } from "~/lib/trace";

import { inHand, present, type Presence } from "./presence";
import { stale } from "./news";

it("news of others make a board old, the page's own do not", () => {
  const trace = traceparent().split("-")[1] ?? "";
  const news = { id: "1", data: { task_id: "7" } };
  expect(stale("kanban:card:moved", news)).toMatchObject({ board: true, task: "7" });
  expect(stale("kanban:card:moved", { ...news, trace_id: trace })).toMatchObject({ board: false, task: null });
  expect(stale("kanban:comment:created", news)).toMatchObject({ board: false, comments: true });
  expect(stale("something:new", news)).toEqual({ board: false, task: null, comments: false, project: false });
});

it("a board that is read anew keeps the pages read further down, without what left them", () => {
  const old = board({ todo: ["1", "2", "3", "4"], done: [] });
  const fresh = board({ todo: ["1", "2"], done: [] });
  const [first] = fresh.columns;
  if (!first?.cards) throw new Error("no column");
  first.cards.next_cursor = "further";
  expect(shape(renewed(old, fresh, new Set(["3"])))).toBe("todo:124 done:");
  fresh.columns[1]?.cards?.items.push(task("4", "done"));
  expect(shape(renewed(old, fresh, new Set(["3"])))).toBe("todo:12 done:4");
});

it("presence has one entry for each window, and none for who went", () => {
  const ada: Presence = { client_id: "a", user_id: "1", state: "looking" };
  const dragging: Presence = { ...ada, state: "dragging", task_id: "7" };
  expect(present(present([], ada), dragging)).toEqual([dragging]);
  expect([inHand([ada]), inHand([dragging])]).toEqual([{}, { 7: "1" }]);
  expect(present([dragging], { ...ada, state: "gone" })).toEqual([]);
});
