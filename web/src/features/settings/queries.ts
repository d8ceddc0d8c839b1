// What the settings show, and doing something about it.
import { infiniteQueryOptions, keepPreviousData, queryOptions, useQueryClient, type QueryKey } from "@tanstack/react-query";

import { api, ask, whole, type Schemas } from "~/lib/api/client";
import { toast } from "~/ui/toasts";

export type Member = Schemas["MemberView"];
export type Role = Schemas["RoleView"];
export type Invitation = Schemas["Invitation"];
export type Team = Schemas["TeamSummary"];
export type AccessToken = Schemas["TokenView"];
export type Webhook = Schemas["Webhook"];
export type AuditEvent = Schemas["AuditEvent"];

const page = (cursor: string | undefined, limit = 50) => ({ limit, ...(cursor && { cursor }) });
const infinite = {
  initialPageParam: undefined as string | undefined,
  getNextPageParam: (last: { next_cursor?: string | null }) => last.next_cursor ?? undefined,
  staleTime: 30_000,
};

export type MemberFilter = { q?: string; role?: string };

/** A role as an address and a choice name it: one of the five, or the id of one of the organization's own. */
export const roleBody = (choice: string): { role: Schemas["Role"] } | { role_id: string } =>
  choice.includes("-") ? { role_id: choice } : { role: choice as Schemas["Role"] };

export const membersQuery = ({ q, role }: MemberFilter) => infiniteQueryOptions({
  queryKey: ["members", q ?? "", role ?? ""],
  queryFn: ({ pageParam, signal }) => {
    const query = { ...page(pageParam), ...(q && { q }), ...(role && roleBody(role)) };
    return ask(api.GET("/api/v1/users", { params: { query }, signal }));
  },
  ...infinite,
  placeholderData: keepPreviousData,
});

/** The tasks that wait for somebody, a page of them. */
export const openTasksQuery = (assignee: string) => queryOptions({
  queryKey: ["tasks", "open-of", assignee],
  queryFn: ({ signal }) => ask(api.GET("/api/v1/tasks", { params: { query: { assignee, filter: "is:open", limit: 200 } }, signal })),
});

export const rolesQuery = queryOptions({
  queryKey: ["roles"],
  queryFn: async ({ signal }) => (await ask(api.GET("/api/v1/roles", { signal }))).items,
  staleTime: 30_000,
});

export const invitationsQuery = (status: Invitation["status"] | undefined) => infiniteQueryOptions({
  queryKey: ["invitations", status ?? "all"],
  queryFn: ({ pageParam, signal }) => ask(api.GET("/api/v1/invitations", { params: { query: { ...page(pageParam), ...(status && { status }) } }, signal })),
  ...infinite,
});

export const teamsQuery = queryOptions({
  queryKey: ["teams"],
  queryFn: ({ signal }) => whole((cursor) => ask(api.GET("/api/v1/teams", { params: { query: page(cursor, 200) }, signal }))),
  staleTime: 30_000,
});

export const teamQuery = (id: string) => queryOptions({
  queryKey: ["teams", id],
  queryFn: ({ signal }) => ask(api.GET("/api/v1/teams/{id}", { params: { path: { id } }, signal })),
});

export const teamMembersQuery = (id: string) => queryOptions({
  queryKey: ["teams", id, "members"],
  queryFn: ({ signal }) => whole((cursor) => ask(api.GET("/api/v1/teams/{id}/members", { params: { path: { id }, query: page(cursor, 200) }, signal }))),
});

export const sessionsQuery = queryOptions({
  queryKey: ["sessions"],
  queryFn: async ({ signal }) => (await ask(api.GET("/api/v1/auth/sessions", { signal }))).items,
});

export const tokensQuery = (all: boolean) => infiniteQueryOptions({
  queryKey: ["tokens", all],
  queryFn: ({ pageParam, signal }) => ask(api.GET("/api/v1/tokens", { params: { query: { ...page(pageParam), ...(all && { all }) } }, signal })),
  ...infinite,
});

export const profileQuery = queryOptions({
  queryKey: ["profile"],
  queryFn: ({ signal }) => ask(api.GET("/api/v1/auth/profile", { signal })),
});

export const organizationQuery = queryOptions({
  queryKey: ["organization"],
  queryFn: ({ signal }) => ask(api.GET("/api/v1/organization", { signal })),
});

export const linkPolicyQuery = queryOptions({
  queryKey: ["link-policy"],
  queryFn: ({ signal }) => ask(api.GET("/api/v1/links/policy", { signal })),
});

/** Says which version a change is meant for, so that nobody's change is lost. */
export const ifMatch = (version: number) => ({ header: { "If-Match": `"${version}"` } });

/** A change that is told to the person, and after which some of what is shown is read anew. */
export function useAct(...stale: QueryKey[]): (act: () => Promise<unknown>, done?: string) => Promise<void> {
  const cache = useQueryClient();
  return async (act, done) => {
    try {
      await act();
      if (done) toast.say(done);
    } finally {
      await Promise.all(stale.map((queryKey) => cache.invalidateQueries({ queryKey })));
    }
  };
}

export const factorsQuery = queryOptions({
  queryKey: ["factors"],
  queryFn: ({ signal }) => ask(api.GET("/api/v1/auth/second-factors", { signal })),
});

export const passkeysQuery = queryOptions({
  queryKey: ["passkeys"],
  queryFn: async ({ signal }) => (await ask(api.GET("/api/v1/auth/passkeys", { signal }))).items,
});

export const identitiesQuery = queryOptions({
  queryKey: ["identities"],
  queryFn: ({ signal }) => ask(api.GET("/api/v1/auth/identities", { signal })),
});

export const offeredQuery = queryOptions({
  queryKey: ["providers"],
  queryFn: ({ signal }) => ask(api.GET("/api/v1/auth/providers", { signal })),
  staleTime: Infinity,
});

export const identityProvidersQuery = queryOptions({
  queryKey: ["identity-providers"],
  queryFn: ({ signal }) => ask(api.GET("/api/v1/organization/identity-providers", { signal })),
});

export const webhooksQuery = queryOptions({
  queryKey: ["webhooks"],
  queryFn: ({ signal }) => whole((cursor) => ask(api.GET("/api/v1/webhooks", { params: { query: page(cursor, 200) }, signal }))),
});

/** Asked again while something waits to be sent. */
const WAITING_MS = 5000;

export const deliveriesQuery = (id: string) => infiniteQueryOptions({
  queryKey: ["deliveries", id],
  queryFn: ({ pageParam, signal }) => ask(api.GET("/api/v1/webhooks/{id}/deliveries", { params: { path: { id }, query: page(pageParam) }, signal })),
  ...infinite,
  refetchInterval: ({ state }) => state.data?.pages[0]?.items.some((delivery) => delivery.state === "waiting") ? WAITING_MS : false,
});
