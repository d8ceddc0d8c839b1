import { describe, expect, it } from "vitest";

import { added, arranged, cardsOf, longer, moved, overLimit, reordered, told, without } from "./arrangement";
import { board, shape, task } from "./samples";

const start = board({ todo: ["1", "2", "3"], done: ["4"] });

describe("a move", () => {
  it("puts a card before, after, or at the end", () => {
    expect(shape(moved(start, { id: "1", column_id: "done", before_id: "4" }))).toBe("todo:23 done:14");
    expect(shape(moved(start, { id: "1", column_id: "done", after_id: "4" }))).toBe("todo:23 done:41");
    expect(shape(moved(start, { id: "1", column_id: "todo" }))).toBe("todo:231 done:4");
    expect(shape(moved(start, { id: "3", column_id: "todo", before_id: "1" }))).toBe("todo:312 done:4");
  });

  it("counts the cards of both columns and takes on the column's status", () => {
    const [todo, done] = moved(start, { id: "1", column_id: "done" }).columns;
    expect([todo?.total, done?.total]).toEqual([2, 2]);
    expect(done && cardsOf(done)[1]?.status).toBe("done");
  });

  it("goes to the end where its neighbour is gone, and changes nothing for a card or column that is not there", () => {
    expect(shape(moved(start, { id: "1", column_id: "done", before_id: "x" }))).toBe("todo:23 done:41");
    expect(moved(start, { id: "x", column_id: "done" })).toBe(start);
    expect(moved(start, { id: "1", column_id: "x" })).toBe(start);
  });

  it("leaves columns that it does not touch as they are, so that they are not drawn again", () => {
    const wide = board({ todo: ["1"], doing: ["2"], done: [] });
    expect(moved(wide, { id: "1", column_id: "done" }).columns[1]).toBe(wide.columns[1]);
  });
});

it("moves are laid over the board in the order they were made", () => {
  expect(shape(arranged(start, [{ id: "1", column_id: "done" }, { id: "2", column_id: "done", after_id: "1" }, { id: "1", column_id: "todo" }]))).toBe("todo:31 done:42");
});

describe("news of a card", () => {
  it("counts only when it is not older", () => {
    const newer = told(start, { ...task("1", "todo", 3), title: "new" });
    expect(newer.columns[0] && cardsOf(newer.columns[0])[0]?.title).toBe("new");
    expect(told(newer, { ...task("1", "done", 2), title: "old" })).toBe(newer);
  });

  it("keeps its place, moves it to another column, or takes it off the board", () => {
    expect(shape(told(start, task("2", "todo", 2)))).toBe("todo:123 done:4");
    expect(shape(told(start, task("2", "done", 2)))).toBe("todo:13 done:42");
    expect(shape(told(start, { ...task("2", "x", 2), board_id: "other" }))).toBe("todo:13 done:4");
  });
});

it("cards come once, pages follow, and what is gone is gone", () => {
  expect(shape(added(added(start, task("5", "todo")), task("5", "todo")))).toBe("todo:1235 done:4");
  expect(shape(longer(start, "todo", { items: [task("3", "todo"), task("6", "todo")], next_cursor: null }))).toBe("todo:1236 done:4");
  expect(shape(without(start, "2"))).toBe("todo:13 done:4");
});

it("a column goes before or after another", () => {
  const wide = board({ a: [], b: [], c: [] });
  const order = (changed: typeof wide) => changed.columns.map((column) => column.id).join("");
  expect([order(reordered(wide, "c", { before_id: "a" })), order(reordered(wide, "a", { after_id: "b" })), order(reordered(wide, "a", { after_id: "x" }))]).toEqual(["cab", "bac", "abc"]);
});

it("a column without a limit is never over it", () => {
  const [column] = start.columns;
  if (!column) throw new Error("no column");
  expect([overLimit(column), overLimit({ ...column, wip_limit: 3 }), overLimit({ ...column, wip_limit: 2 })]).toEqual([false, false, true]);
});
