import { expect, it } from "vitest";

import { columnsOf, filtersOf, goesBy, GROUPS, keyOf, MEASURES } from "./rules";

it("groups have the measures that the API counts by them", () => {
  const of = (measure: (typeof MEASURES)[number]) => GROUPS.filter((group) => goesBy(measure, group)).join(" ");
  for (const measure of MEASURES.slice(0, 5)) expect(of(measure)).toBe("day week month project person status priority task");
  expect(of("comments")).toBe("day week month project person task");
  expect(of("link_opens")).toBe("day week month link device referrer");
});

it("filters are those that all measures have to do with", () => {
  expect(filtersOf(["tasks_done", "lead_time"])).toEqual(["project_id", "user_id", "status", "priority"]);
  expect(filtersOf(["tasks_done", "comments"])).toEqual(["project_id", "user_id"]);
  expect(filtersOf(["tasks_done", "link_opens"])).toEqual([]);
});

it("columns have the names of the files", () => {
  expect(columnsOf(["tasks_done", "estimate_done", "cycle_time"]).map(({ key }) => key)).toEqual([
    "tasks_done", "estimate_done_seconds", "cycle_time_count", "cycle_time_mean_seconds", "cycle_time_p50_seconds", "cycle_time_p85_seconds", "cycle_time_p95_seconds",
  ]);
  expect([keyOf("week"), keyOf("person"), keyOf("device")]).toEqual(["week", "user_id", "device"]);
});
