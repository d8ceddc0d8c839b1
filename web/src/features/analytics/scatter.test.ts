import { expect, it } from "vitest";

import { daySpan } from "./parts";
import { dotsOf } from "./scatter";

const iso = (span: [number, number]) => span.map((moment) => new Date(moment).toISOString());

it("days begin by the clocks of their zone, also where those are changed", () => {
  const day = { from: "2026-03-29", to: "2026-03-29" };
  expect(iso(daySpan(day, "Europe/Berlin"))).toEqual(["2026-03-28T23:00:00.000Z", "2026-03-29T22:00:00.000Z"]);
  expect(iso(daySpan(day, "Pacific/Kiritimati"))).toEqual(["2026-03-28T10:00:00.000Z", "2026-03-29T10:00:00.000Z"]);
  expect(iso(daySpan(day, "America/St_Johns"))).toEqual(["2026-03-29T02:30:00.000Z", "2026-03-30T02:30:00.000Z"]);
});

it("a task stands where it was done, as high as it took long", () => {
  const task = (id: string, created_at: string, completed_at: string | null) => ({ id, key: id, title: "Weld", created_at, completed_at });
  const dots = dotsOf([
    task("A-1", "2026-03-01T00:00:00Z", "2026-03-02T00:00:00Z"),
    task("A-2", "2026-02-01T00:00:00Z", null),
    task("A-3", "2026-02-01T00:00:00Z", "2026-02-28T23:59:59Z"),
  ], { from: "2026-03-01", to: "2026-03-04" }, "UTC");
  expect(dots).toEqual([{ id: "A-1", key: "A-1", name: "A-1 Weld", done: "2026-03-02T00:00:00Z", at: 0.25, value: 86_400 }]);
});
