// What tasks are to the client, and the rules for keeping copies of them true.
import type { Schemas } from "~/lib/api/client";

export type Task = Schemas["TaskSummary"];
export type FullTask = Schemas["TaskView"];
export type Status = Schemas["TaskStatus"];
export type Priority = Schemas["TaskPriority"];
export type Change = Schemas["PatchTask"];

export const STATUSES: readonly Status[] = ["todo", "in_progress", "review", "done", "cancelled"];
export const PRIORITIES: readonly Priority[] = ["urgent", "high", "medium", "low"];

export const isClosed = (status: Status): boolean => status === "done" || status === "cancelled";

/** The newer of two copies of a task; answers and news may come in any order. */
export function newer<T extends Task>(known: T, told: Partial<T> & { version: number }): T {
  return told.version < known.version ? known : { ...known, ...told };
}

/** What a list shows of a task that was read whole. */
export function summary(task: FullTask | Task): Task {
  const { assignee_ids, board_id, checklist, column_id, created_at, fields, id, key, label_ids, priority, project_id, status, subtasks, title, updated_at, version } = task;
  return {
    assignee_ids, board_id, checklist, column_id, created_at, fields, id, key, label_ids, priority, project_id, status, subtasks, title, updated_at, version,
    completed_at: task.completed_at ?? null,
    due_date: task.due_date ?? null,
    start_date: task.start_date ?? null,
    estimate_seconds: task.estimate_seconds ?? null,
    parent_id: task.parent_id ?? null,
  };
}
