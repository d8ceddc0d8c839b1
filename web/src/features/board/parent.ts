import { useQuery } from "@tanstack/react-query";

import { api, ask } from "~/lib/api/client";

/** The title of a task that others hang on; it may be on another board. */
export function useParentTitle(id: string | null): string | undefined {
  const { data } = useQuery({
    queryKey: ["parent", id],
    queryFn: ({ signal }) => ask(api.GET("/api/v1/tasks/{id}", { params: { path: { id: id ?? "" } }, signal })),
    enabled: id !== null,
    staleTime: 60_000,
  });
  return data && `${data.key} ${data.title}`;
}
