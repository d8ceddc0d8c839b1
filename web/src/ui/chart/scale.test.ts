import { expect, it } from "vitest";

import { middles, nearest, stack, thinned, valueAxis } from "./scale";

const COUNT = { unit: 1, whole: true };

it("an axis ends at a round value, and counts have no fractions", () => {
  for (const [highest, ticks] of [[0, [0, 1, 2, 3, 4]], [1, [0, 1, 2, 3, 4]], [7, [0, 2, 4, 6, 8]], [83, [0, 20, 40, 60, 80, 100]]] as const) {
    expect(valueAxis(highest, 254, COUNT).ticks).toEqual(ticks);
  }
});

it("seconds are cut where days are", () => {
  const axis = valueAxis(2.4 * 86_400, 254, { unit: 86_400, whole: false });
  expect(axis.ticks.map((tick) => tick / 86_400)).toEqual([0, 0.5, 1, 1.5, 2, 2.5]);
  expect([axis.y(0), axis.y(2.5 * 86_400)]).toEqual([230, 10]);
});

it("labels keep off each other", () => {
  expect(thinned(7, 652, 60)).toEqual([0, 1, 2, 3, 4, 5, 6]);
  expect(thinned(28, 352, 60)).toEqual([0, 6, 12, 18, 24]);
  expect(thinned(5, 60, 60)).toEqual([0]);
  expect(thinned(0, 652, 60)).toEqual([]);
});

it("parts share the width, and a pointer finds the nearest", () => {
  const { step, x } = middles(3, 352);
  expect([step, x(0), x(2)]).toEqual([100, 94, 294]);
  expect([0, 140, 150, 900].map((at) => nearest([94, 194, 294], at))).toEqual([0, 0, 1, 2]);
  expect(nearest([], 3)).toBe(-1);
});

it("stacked values begin where the one below ends", () => {
  expect(stack([[1, 2], [null, 3], [4, 0]])).toEqual([[[0, 1], [0, 2]], [[1, 1], [2, 5]], [[1, 5], [5, 5]]]);
});
