import { queryOptions } from "@tanstack/react-query";

import { api, ask, Problem, whole, type Schemas } from "~/lib/api/client";

import { isAwaited } from "./rules";

export const customReportsQuery = queryOptions({
  queryKey: ["custom-reports"],
  queryFn: ({ signal }) => whole((cursor) => ask(api.GET("/api/v1/analytics/custom-reports", { params: { query: { limit: 200, ...(cursor && { cursor }) } }, signal }))),
  staleTime: 30_000,
});

export const customReportQuery = (id: string) => queryOptions({
  queryKey: ["custom-reports", id],
  queryFn: ({ signal }) => ask(api.GET("/api/v1/analytics/custom-reports/{id}", { params: { path: { id } }, signal })),
  staleTime: 30_000,
});

/** How often reports that are being made are looked at. */
const LOOK_MS = 1000;
/** Runs that a screen lists. */
const RUNS = 20;

/** The newest runs of a report; looked at again while one is waited for. */
export const runsQuery = (id: string) => queryOptions({
  queryKey: ["reports", id],
  queryFn: async ({ signal }) => (await ask(api.GET("/api/v1/analytics/reports", { params: { query: { custom_report_id: id, limit: RUNS } }, signal }))).items,
  refetchInterval: ({ state }) => (state.data?.some(isAwaited) ? LOOK_MS : false),
});

export type Row = Record<string, string | number | null>;

export const rowsQuery = (id: string) => queryOptions({
  queryKey: ["report-rows", id],
  queryFn: async ({ signal }) => JSON.parse(await file(id, "json", signal).then((blob) => blob.text())) as Row[],
  staleTime: Infinity,
});

export type Format = "csv" | "json" | "jsonl";

export const file = (id: string, format: Format, signal?: AbortSignal): Promise<Blob> =>
  ask<Blob>(api.GET("/api/v1/analytics/reports/{id}/export", { params: { path: { id }, query: { format } }, parseAs: "blob", ...(signal && { signal }) }) as Promise<{ data?: Blob; error?: unknown; response: Response }>);

/** When a report is run by itself; nothing where it is not. */
export const scheduleQuery = (id: string) => queryOptions({
  queryKey: ["report-schedule", id],
  queryFn: async ({ signal }): Promise<Schemas["ReportSchedule"] | null> => {
    try {
      return await ask(api.GET("/api/v1/analytics/custom-reports/{id}/schedule", { params: { path: { id } }, signal }));
    } catch (error) {
      if (error instanceof Problem && error.status === 404) return null;
      throw error;
    }
  },
});
