// Changes to a task from anywhere: shown at once, and taken back for this task alone when they are refused.
import type { QueryClient } from "@tanstack/react-query";

import { api, ask } from "~/lib/api/client";
import { toast } from "~/ui/toasts";

import { putTask } from "./cache";
import type { Change, FullTask, Status, Task } from "./model";

async function shown(cache: QueryClient, task: Task, look: Partial<FullTask>, call: Promise<FullTask>): Promise<boolean> {
  putTask(cache, { ...task, ...look });
  try {
    putTask(cache, await call);
    return true;
  } catch (error) {
    // What was shown has the version that it came from, so that this puts it back.
    putTask(cache, task);
    toast.failed(error);
    return false;
  }
}

/** Changes fields. */
export function edit(cache: QueryClient, task: Task, change: Change): Promise<boolean> {
  const path = { path: { id: task.id } };
  return shown(cache, task, change as Partial<FullTask>, ask(api.PATCH("/api/v1/tasks/{id}", { params: path, body: change })));
}

/** Changes the status; the server chooses the column, so boards wait for its word. */
export function setStatus(cache: QueryClient, task: Task, status: Status): Promise<boolean> {
  const path = { path: { id: task.id } };
  return shown(cache, task, { status }, ask(api.PUT("/api/v1/tasks/{id}/status", { params: path, body: { status } })));
}

/** Says who is to do it. */
export function assign(cache: QueryClient, task: Task, assigneeIds: string[]): Promise<boolean> {
  const path = { path: { id: task.id } };
  return shown(cache, task, { assignee_ids: assigneeIds }, ask(api.PUT("/api/v1/tasks/{id}/assign", { params: path, body: { assignee_ids: assigneeIds } })));
}
