// Which measures, groups and filters go together (docs/ANALYTICS.md), and what rows of a report hold.
import type { Schemas } from "~/lib/api/client";

export type Definition = Schemas["Definition"];
export type Measure = Schemas["Measure"];
export type Group = Schemas["Group"];
export type Relative = Schemas["Relative"];

export const MEASURES: readonly Measure[] = ["tasks_created", "tasks_done", "estimate_done", "lead_time", "cycle_time", "comments", "link_opens"];
export const GROUPS: readonly Group[] = ["day", "week", "month", "project", "person", "status", "priority", "task", "link", "device", "referrer"];
export const RELATIVES: readonly Relative[] = [
  "last_7_days", "last_30_days", "last_90_days", "last_365_days", "this_week", "previous_week", "this_month", "previous_month", "previous_quarter", "previous_year",
];

const OF_LINKS: readonly Group[] = ["link", "device", "referrer"];
const TIMES: readonly Group[] = ["day", "week", "month"];

export const isOfTime = (group: Group): boolean => TIMES.includes(group);

/** Whether there are rows of `group` with a measure. */
export function goesBy(measure: Measure, group: Group): boolean {
  if (isOfTime(group)) return true;
  if (OF_LINKS.includes(group)) return measure === "link_opens";
  if (group === "status" || group === "priority") return measure !== "comments" && measure !== "link_opens";
  return measure !== "link_opens";
}

export const FILTERS = ["project_id", "user_id", "status", "priority"] as const;
export type FilterName = (typeof FILTERS)[number];

/** The filters that all measures have to do with. */
export const filtersOf = (measures: readonly Measure[]): FilterName[] => FILTERS.filter((filter) => measures.every((measure) => {
  if (measure === "link_opens") return false;
  return filter === "project_id" || filter === "user_id" || measure !== "comments";
}));

/** A column of rows: which number of which measure. */
export type Column = { key: string; measure: Measure; part: "count" | "mean" | "p50" | "p85" | "p95" | null };

const PARTS = ["count", "mean", "p50", "p85", "p95"] as const;

export const columnsOf = (measures: readonly Measure[]): Column[] => measures.flatMap((measure): Column[] => {
  if (measure === "estimate_done") return [{ key: "estimate_done_seconds", measure, part: null }];
  if (measure !== "lead_time" && measure !== "cycle_time") return [{ key: measure, measure, part: null }];
  return PARTS.map((part) => ({ key: part === "count" ? `${measure}_count` : `${measure}_${part}_seconds`, measure, part }));
});

/** The column that names the rows. */
export const keyOf = (group: Group): string => (({ project: "project_id", person: "user_id", task: "task_id", link: "link_id" }) as Record<string, string | undefined>)[group] ?? group;

export const isDuration = ({ key }: Column): boolean => key.endsWith("_seconds");

/** A report that is waited for. */
export const isAwaited = ({ state }: { state: Schemas["ReportState"] }): boolean => state === "queued" || state === "running";
