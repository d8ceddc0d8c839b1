import { queryOptions } from "@tanstack/react-query";

import { api, ask, type Schemas } from "~/lib/api/client";
import { zone } from "~/lib/dates";

export type Hit = Schemas["SearchHit"];

/** What tasks, comments and projects say about it. */
export const searchQuery = (q: string) => queryOptions({
  queryKey: ["search", q],
  queryFn: ({ signal }) => ask(api.GET("/api/v1/search", { params: { query: { q, limit: 50, timezone: zone() } }, signal })),
  staleTime: 30_000,
});
