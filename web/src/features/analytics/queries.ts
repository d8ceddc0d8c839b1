import { keepPreviousData, queryOptions } from "@tanstack/react-query";

import { api, ask, whole, type Schemas } from "~/lib/api/client";
import { today, zone } from "~/lib/dates";

import { cutOf, periodOf, type Granularity, type Period, type PeriodSearch } from "./period";

/** Which days, cut how, in the reader's time zone. */
export type Asked = Period & { timezone: string; granularity: Granularity; compare?: "previous_period" };

export function asked(search: PeriodSearch, now = today()): Asked {
  const period = periodOf(search, now);
  return { ...period, timezone: zone(), granularity: cutOf(search, period), ...(search.compare !== false && { compare: "previous_period" as const }) };
}

/** Whose numbers: of all, of a project, or of a person. */
export type Subject = { project_id?: string; user_id?: string };

export type Measured = "tasks" | "estimate_seconds";

// Numbers follow a change within a second; who comes back to a screen sees new ones.
const shared = { staleTime: 15_000, placeholderData: keepPreviousData } as const;

export const dashboardQuery = (query: Asked) => queryOptions({
  queryKey: ["analytics", "dashboard", query], ...shared,
  queryFn: ({ signal }) => ask(api.GET("/api/v1/analytics/dashboard", { params: { query }, signal })),
});

export const projectQuery = (id: string, query: Asked) => queryOptions({
  queryKey: ["analytics", "project", id, query], ...shared,
  queryFn: ({ signal }) => ask(api.GET("/api/v1/analytics/projects/{id}", { params: { path: { id }, query }, signal })),
});

export const personQuery = (id: string, query: Asked) => queryOptions({
  queryKey: ["analytics", "person", id, query], ...shared,
  queryFn: ({ signal }) => ask(api.GET("/api/v1/analytics/users/{id}", { params: { path: { id }, query }, signal })),
});

export const teamQuery = (id: string, query: Asked) => queryOptions({
  queryKey: ["analytics", "team", id, query], ...shared,
  queryFn: ({ signal }) => ask(api.GET("/api/v1/analytics/teams/{id}", { params: { path: { id }, query }, signal })),
});

export type LinkAnalytics = Schemas["LinkAnalytics"];

export const linksQuery = (query: Asked, link_id?: string) => queryOptions({
  queryKey: ["analytics", "links", query, link_id], ...shared,
  queryFn: ({ signal }) => ask(api.GET("/api/v1/analytics/links", { params: { query: { ...query, ...(link_id && { link_id }) } }, signal })),
});

/** Levels know no days before. */
const uncompared = ({ compare: _, ...query }: Asked) => query;

export const burndownQuery = (subject: Subject, measure: Measured, query: Asked) => queryOptions({
  queryKey: ["analytics", "burndown", subject, measure, query], ...shared,
  queryFn: ({ signal }) => ask(api.GET("/api/v1/analytics/burndown", { params: { query: { ...uncompared(query), ...subject, measure } }, signal })),
});

export const burnupQuery = (subject: Subject, measure: Measured, query: Asked) => queryOptions({
  queryKey: ["analytics", "burnup", subject, measure, query], ...shared,
  queryFn: ({ signal }) => ask(api.GET("/api/v1/analytics/burnup", { params: { query: { ...uncompared(query), ...subject, measure } }, signal })),
});

export const cumulativeQuery = (subject: Subject, measure: Measured, query: Asked) => queryOptions({
  queryKey: ["analytics", "cumulative", subject, measure, query], ...shared,
  queryFn: ({ signal }) => ask(api.GET("/api/v1/analytics/cumulative-flow", { params: { query: { ...uncompared(query), ...subject, measure } }, signal })),
});

export const throughputQuery = (subject: Subject, query: Asked) => queryOptions({
  queryKey: ["analytics", "throughput", subject, query], ...shared,
  queryFn: ({ signal }) => ask(api.GET("/api/v1/analytics/throughput", { params: { query: { ...query, ...subject } }, signal })),
});

export const leadQuery = (subject: Subject, query: Asked) => queryOptions({
  queryKey: ["analytics", "lead", subject, query], ...shared,
  queryFn: ({ signal }) => ask(api.GET("/api/v1/analytics/lead-time", { params: { query: { ...query, ...subject } }, signal })),
});

export const cycleQuery = (subject: Subject, query: Asked) => queryOptions({
  queryKey: ["analytics", "cycle", subject, query], ...shared,
  queryFn: ({ signal }) => ask(api.GET("/api/v1/analytics/cycle-time", { params: { query: { ...query, ...subject } }, signal })),
});

export const loadQuery = (subject: Subject) => queryOptions({
  queryKey: ["analytics", "load", subject], ...shared,
  queryFn: ({ signal }) => ask(api.GET("/api/v1/analytics/workload", { params: { query: subject }, signal })),
});

export const ageQuery = (subject: Subject) => queryOptions({
  queryKey: ["analytics", "age", subject], ...shared,
  queryFn: ({ signal }) => ask(api.GET("/api/v1/analytics/status-age", { params: { query: subject }, signal })),
});

export const teamsQuery = queryOptions({
  queryKey: ["teams"],
  queryFn: ({ signal }) => whole((cursor) => ask(api.GET("/api/v1/teams", { params: { query: { limit: 200, ...(cursor && { cursor }) } }, signal }))),
  staleTime: 60_000,
});

/** A task that is known by its id alone; none where one may not open it. */
export const taskQuery = (id: string) => queryOptions({
  queryKey: ["analytics", "task", id],
  queryFn: ({ signal }) => ask(api.GET("/api/v1/tasks/{id}", { params: { path: { id } }, signal })),
  staleTime: 300_000,
  retry: false,
});
