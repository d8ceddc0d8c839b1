import { expect, it } from "vitest";

import { begun, dayTicks, partsOf } from "./parts";

const at = (...dates: string[]) => dates.map((date) => ({ date, start: `${date}T00:00:00+01:00` }));
const period = { from: "2026-02-27", to: "2026-03-11" };

it("parts are named after their days", () => {
  expect(partsOf(at("2026-03-01"), "day", period)).toEqual([{ tick: "Mar 1", name: "Sun, Mar 1" }]);
  expect(partsOf(at("2026-02-27", "2026-03-02", "2026-03-09"), "week", period).map(({ name }) => name.replaceAll(/\s/g, " "))).toEqual(["Feb 27 – Mar 1", "Mar 2 – 8", "Mar 9 – 11"]);
  expect(partsOf(at("2026-03-01"), "month", period)).toEqual([{ tick: "Mar", name: "March 2026" }]);
});

it("a part that has not begun is known", () => {
  const [part] = at("2026-03-01");
  const midnight = Date.parse("2026-02-28T23:00:00Z");
  expect(part && [begun(part, midnight - 1), begun(part, midnight)]).toEqual([false, true]);
});

it("days of an axis are spread evenly", () => {
  expect(dayTicks({ from: "2026-03-01", to: "2026-03-03" })).toEqual(["Mar 1", "Mar 2", "Mar 3"]);
  expect(dayTicks({ from: "2026-03-01", to: "2026-03-24" }, 3)).toEqual(["Mar 5", "Mar 13", "Mar 21"]);
});
