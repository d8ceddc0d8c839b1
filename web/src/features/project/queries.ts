// Projects, and what in them boards and lists are made of.
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";

import { api, ask, whole } from "~/lib/api/client";
import { zone } from "~/lib/dates";

const page = (cursor: string | undefined) => ({ limit: 200, ...(cursor && { cursor }) });

export const projectsQuery = queryOptions({
  queryKey: ["projects"],
  queryFn: ({ signal }) =>
    whole((cursor) => ask(api.GET("/api/v1/projects", { params: { query: page(cursor) }, signal }))),
  staleTime: 60_000,
});

/** Projects that were put away. */
export const archivedQuery = queryOptions({
  queryKey: ["archived"],
  queryFn: ({ signal }) =>
    whole((cursor) => ask(api.GET("/api/v1/projects", { params: { query: { ...page(cursor), archived: true } }, signal }))),
  staleTime: 60_000,
});

export const projectQuery = (id: string) => queryOptions({
  queryKey: ["project", id],
  queryFn: ({ signal }) => ask(api.GET("/api/v1/projects/{id}", { params: { path: { id } }, signal })),
  staleTime: 60_000,
});

export const boardsQuery = (id: string) => queryOptions({
  queryKey: ["boards", id],
  queryFn: ({ signal }) =>
    whole((cursor) => ask(api.GET("/api/v1/projects/{id}/boards", { params: { path: { id }, query: page(cursor) }, signal }))),
  staleTime: 60_000,
});

export const labelsQuery = (id: string) => queryOptions({
  queryKey: ["labels", id],
  queryFn: ({ signal }) =>
    whole((cursor) => ask(api.GET("/api/v1/projects/{id}/labels", { params: { path: { id }, query: page(cursor) }, signal }))),
  staleTime: 60_000,
});

export const membersQuery = (id: string) => queryOptions({
  queryKey: ["members", id],
  queryFn: ({ signal }) =>
    whole((cursor) => ask(api.GET("/api/v1/projects/{id}/members", { params: { path: { id }, query: page(cursor) }, signal }))),
  staleTime: 60_000,
});

/** Cards of each column that come with the board; the rest as one scrolls. */
const FIRST_CARDS = 30;

export const readBoard = (id: string, signal?: AbortSignal) =>
  ask(api.GET("/api/v1/boards/{id}", { params: { path: { id }, query: { cards: FIRST_CARDS } }, ...(signal && { signal }) }));

export const boardQuery = (id: string) => queryOptions({
  queryKey: ["board", id],
  queryFn: ({ signal }) => readBoard(id, signal),
  staleTime: 30_000,
});

/** Tasks of a project, or of all, by a filter. */
export const tasksQuery = (filter: string, projectId?: string) => infiniteQueryOptions({
  queryKey: ["tasks", projectId ?? "all", filter],
  queryFn: ({ pageParam, signal }) => {
    const query = { ...page(pageParam), timezone: zone(), ...(filter && { filter }) };
    return projectId
      ? ask(api.GET("/api/v1/projects/{id}/tasks", { params: { path: { id: projectId }, query }, signal }))
      : ask(api.GET("/api/v1/tasks", { params: { query }, signal }));
  },
  initialPageParam: undefined as string | undefined,
  getNextPageParam: (last) => last.next_cursor ?? undefined,
  staleTime: 30_000,
});
