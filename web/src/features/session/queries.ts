// Who is signed in, and the people of the organization.
import { queryOptions, useQuery } from "@tanstack/react-query";

import { api, ask, whole, type Schemas } from "~/lib/api/client";
import type { Person } from "~/ui/avatar";

export const meQuery = queryOptions({
  queryKey: ["me"],
  queryFn: ({ signal }) => ask(api.GET("/api/v1/auth/me", { signal })),
  staleTime: 300_000,
});

/** Whoever is signed in; only below the frame, which waits for it. */
export function useMe(): Schemas["Me"] {
  const { data } = useQuery(meQuery);
  if (!data) throw new Error("drawn before the session was known");
  return data;
}

export function useMay(permission: string): boolean {
  return useMe().permissions.includes(permission);
}

export const peopleQuery = queryOptions({
  queryKey: ["people"],
  queryFn: ({ signal }) =>
    whole((cursor) => ask(api.GET("/api/v1/users", { params: { query: { limit: 200, ...(cursor && { cursor }) } }, signal }))),
  staleTime: 60_000,
});

const FORMER = "?";

/** Finds people by id; who is gone has no name. */
export function usePeople(): { all: Person[]; find: (id: string) => Person } {
  const { data = [] } = useQuery(peopleQuery);
  return { all: data, find: (id) => data.find((person) => person.id === id) ?? { id, name: FORMER } };
}
