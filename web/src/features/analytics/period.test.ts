import { expect, it } from "vitest";

import { before, cutOf, cuts, periodOf, periodSearch, PRESETS } from "./period";

it("days move on with the calendar, across months, years and leap days", () => {
  for (const [now, expected] of [
    ["2026-03-31", ["2026-03-25", "2026-03-04", "2026-01-01", "2025-04-01", "2026-03-01", "2026-02-01 2026-02-28", "2026-01-01"]],
    ["2026-01-01", ["2025-12-26", "2025-12-05", "2025-10-04", "2025-01-02", "2026-01-01", "2025-12-01 2025-12-31", "2026-01-01"]],
    ["2028-02-29", ["2028-02-23", "2028-02-02", "2027-12-02", "2027-03-02", "2028-02-01", "2028-01-01 2028-01-31", "2028-01-01"]],
  ] as const) {
    const shown = PRESETS.map((period) => periodOf({ period }, now)).map(({ from, to }) => (to === now ? from : `${from} ${to}`));
    expect(shown).toEqual(expected);
  }
  expect(periodOf({}, "2026-03-31")).toEqual({ from: "2026-03-04", to: "2026-03-31" });
});

it("of an address only what makes sense is taken", () => {
  const days = { from: "2026-02-01", to: "2026-02-10" };
  for (const [given, taken] of [
    [{ ...days, period: "7d" }, days],
    [{ from: "2026-02-10", to: "2026-02-01", period: "7d" }, { period: "7d" }],
    [{ from: "2024-02-01", to: "2026-02-10" }, {}],
    [{ from: "2026-02-31x", to: "2026-13-01" }, {}],
    [{ period: "28d", by: "week", compare: false }, { by: "week", compare: false }],
    [{ period: "yesterday", by: "year", compare: "no" }, {}],
  ] as const) expect(periodSearch(given)).toEqual(taken);
});

it("a period is cut so that its parts can be told apart", () => {
  const of = (from: string, to: string, by?: "hour" | "week") => cutOf({ ...(by && { by }) }, { from, to });
  expect([of("2026-01-01", "2026-01-02"), of("2026-01-01", "2026-03-03"), of("2026-01-01", "2026-03-31"), of("2025-01-01", "2025-12-31")]).toEqual(["hour", "day", "week", "month"]);
  expect([of("2026-01-01", "2026-01-31", "hour"), of("2026-01-01", "2026-02-01", "hour"), of("2026-01-01", "2026-01-07", "week")]).toEqual(["hour", "day", "day"]);
  expect([cuts(1), cuts(31), cuts(90)]).toEqual([["hour", "day"], ["hour", "day", "week"], ["day", "week", "month"]]);
});

it("what is compared with is as long, and ends the day before", () => {
  expect(before({ from: "2026-03-01", to: "2026-03-31" })).toEqual({ from: "2026-01-29", to: "2026-02-28" });
});
