import { describe, expect, it } from "vitest";

import { cardAt, find, first, oneLane, step, walk, type Way } from "./grid";
import { changeTo, lanesOf, NONE } from "./lanes";
import { board, task } from "./samples";

const plain = oneLane(board({ todo: ["1", "2", "3"], empty: [], done: ["4"] }).columns);

const laned = () => {
  const made = board({ todo: ["1", "2", "3"], done: ["4"] });
  const [one, two] = made.columns[0]?.cards?.items ?? [];
  if (one) one.assignee_ids = ["ada"];
  if (two) two.assignee_ids = ["ada", "bo"];
  return lanesOf(made.columns, "assignee", ["bo", "ada"]);
};

describe("keys", () => {
  const from = (id: string, way: Way) => {
    const spot = find(plain, id, null);
    const to = spot && walk(plain, spot, way);
    return to ? cardAt(plain, to)?.id : null;
  };

  it("walk along a column and over columns without cards", () => {
    expect([from("1", "down"), from("2", "up"), from("3", "right"), from("4", "left"), from("1", "up"), from("4", "right")]).toEqual(["2", "1", "4", "1", null, null]);
    expect(first(plain)).toEqual({ row: 0, cell: 0, height: 0 });
  });

  const taken = (id: string, way: Way) => {
    const spot = find(plain, id, null);
    return spot && step(plain, spot, way)?.move;
  };

  it("take a card one place along its column", () => {
    expect(taken("2", "up")).toEqual({ id: "2", column_id: "todo", before_id: "1" });
    expect(taken("2", "down")).toEqual({ id: "2", column_id: "todo", after_id: "3" });
    expect(taken("1", "up")).toBeUndefined();
  });

  it("take a card to the same height of the column beside it", () => {
    expect(taken("1", "right")).toEqual({ id: "1", column_id: "empty" });
    expect(taken("4", "left")).toEqual({ id: "4", column_id: "empty" });
    expect(taken("1", "left")).toBeUndefined();
  });
});

describe("lanes", () => {
  it("stand in the order of what is known, the rest last, and a card of two people in both", () => {
    expect(laned().map(({ lane, total }) => [lane, total])).toEqual([["bo", 1], ["ada", 2], [NONE, 2]]);
  });

  it("have one for every priority, and none without", () => {
    expect(lanesOf(board({ todo: ["1"] }).columns, "priority", []).map(({ lane, total }) => `${lane} ${total}`)).toEqual(["urgent 0", "high 0", "medium 1", "low 0"]);
  });

  it("are crossed by walking and by taking a card along", () => {
    const grid = laned();
    const spot = find(grid, "2", "bo");
    expect(spot && walk(grid, spot, "down")).toEqual({ row: 1, cell: 0, height: 0 });
    expect(spot && step(grid, spot, "down")).toEqual({ lane: "ada", move: { id: "2", column_id: "todo", before_id: "1" } });
    const last = find(grid, "2", "ada");
    expect(last && step(grid, last, "down")).toEqual({ lane: NONE, move: { id: "2", column_id: "todo", before_id: "3" } });
  });

  it("change what they are made by, and nothing else", () => {
    const card = { ...task("1", "todo"), assignee_ids: ["ada", "bo"], label_ids: ["x"] };
    expect(changeTo("assignee", card, "ada", "cy")).toEqual({ assignee_ids: ["bo", "cy"] });
    expect(changeTo("assignee", card, "ada", NONE)).toEqual({ assignee_ids: [] });
    expect(changeTo("label", card, "x", "y")).toEqual({ label_ids: ["y"] });
    expect(changeTo("parent", card, "p", NONE)).toEqual({ parent_id: null });
    expect(changeTo("priority", card, "medium", "high")).toEqual({ priority: "high" });
    expect(changeTo("priority", card, "high", "high")).toBeNull();
  });
});
