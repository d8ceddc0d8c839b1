// One task and what hangs on it.
import { queryOptions } from "@tanstack/react-query";

import { api, ask, whole } from "~/lib/api/client";

const page = (cursor: string | undefined) => ({ limit: 200, ...(cursor && { cursor }) });

export const taskQuery = (key: string) => queryOptions({
  queryKey: ["task", key],
  queryFn: ({ signal }) => ask(api.GET("/api/v1/tasks/by-key/{key}", { params: { path: { key } }, signal })),
  staleTime: 30_000,
});

export const checklistsQuery = (id: string) => queryOptions({
  queryKey: ["checklists", id],
  queryFn: async ({ signal }) => (await ask(api.GET("/api/v1/tasks/{id}/checklists", { params: { path: { id } }, signal }))).items,
});

export const subtasksQuery = (id: string) => queryOptions({
  queryKey: ["subtasks", id],
  queryFn: ({ signal }) =>
    whole((cursor) => ask(api.GET("/api/v1/tasks/{id}/subtasks", { params: { path: { id }, query: page(cursor) }, signal }))),
});

export const dependenciesQuery = (id: string) => queryOptions({
  queryKey: ["dependencies", id],
  queryFn: ({ signal }) =>
    whole((cursor) => ask(api.GET("/api/v1/tasks/{id}/dependencies", { params: { path: { id }, query: page(cursor) }, signal }))),
});

export const commentsQuery = (id: string) => queryOptions({
  queryKey: ["comments", id],
  queryFn: ({ signal }) =>
    whole((cursor) => ask(api.GET("/api/v1/tasks/{id}/comments", { params: { path: { id }, query: page(cursor) }, signal }))),
});

export const repliesQuery = (id: string) => queryOptions({
  queryKey: ["comments", "replies", id],
  queryFn: ({ signal }) =>
    whole((cursor) => ask(api.GET("/api/v1/comments/{id}/replies", { params: { path: { id }, query: page(cursor) }, signal }))),
});

export const historyQuery = (id: string) => queryOptions({
  queryKey: ["history", id],
  queryFn: async ({ signal }) => (await ask(api.GET("/api/v1/tasks/{id}/history", { params: { path: { id }, query: { limit: 50 } }, signal }))).items,
});
