import { infiniteQueryOptions } from "@tanstack/react-query";

import { api, ask } from "~/lib/api/client";
import { plusDays, type Day } from "~/lib/dates";

import type { AuditSearch } from "./search";

/** Midnight of the reader, as a moment. */
const begins = (day: Day): string => new Date(`${day}T00:00:00`).toISOString();

/** What the address says, as the API asks for it. The last day is in it whole. */
export const auditPage = ({ action, actor, outcome, from, to }: AuditSearch) => ({
  ...(action && { action }),
  ...(actor && { actor }),
  ...(outcome && { succeeded: outcome === "let" }),
  ...(from && { from: begins(from) }),
  ...(to && { to: begins(plusDays(to, 1)) }),
});

export const auditQuery = (filter: AuditSearch) => infiniteQueryOptions({
  queryKey: ["audit", filter],
  queryFn: ({ pageParam, signal }) =>
    ask(api.GET("/api/v1/audit-events", { params: { query: { limit: 50, ...auditPage(filter), ...(pageParam && { cursor: pageParam }) } }, signal })),
  initialPageParam: undefined as string | undefined,
  getNextPageParam: (last) => last.next_cursor ?? undefined,
});
