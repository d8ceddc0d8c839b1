import { expect, it } from "vitest";

import { durations, movingMean, showChange, showDuration } from "./format";

it("a duration is said in its two greatest units", () => {
  for (const [seconds, text] of [
    [187_200, "2 days 4 hr"], [86_400, "1 day"], [86_400 + 120, "1 day"], [3_600 + 120, "1 hr 2 min"], [3599, "1 hr"], [240, "4 min"], [12, "12 sec"], [0, "0 sec"],
  ] as const) expect(showDuration(seconds)).toBe(text);
});

it("an axis of durations has the unit that gives small numbers", () => {
  expect([3 * 86_400, 86_400, 3600, 20].map((highest) => durations(highest).unit)).toEqual([86_400, 3600, 60, 60]);
});

it("a change is in percent, and from nothing in itself", () => {
  expect([showChange(5, 4), showChange(4, 5), showChange(4, 4), showChange(3, 0), showChange(0, 0), showChange(0, 2)]).toEqual(["+25%", "-20%", "0%", "+3", "0", "-100%"]);
});

it("a moving mean begins once there are enough values", () => {
  expect(movingMean([2, 4, 6, 8], 3)).toEqual([null, null, 4, 6]);
});
