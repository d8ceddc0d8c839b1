// The tasks that were done in a period as dots, each where it was done and as high as it took long.
import type { Task } from "~/features/task/model";

import type { Period } from "./period";
import { daySpan } from "./parts";

export type TaskDot = { id: string; key: string; name: string; done: string; at: number; value: number };

/** In the language of `docs/WORK.md`: what the analytics count as done in these days. The newest come first, as far as one page reaches. */
export const filterOf = ({ from, to }: Period): string => `status:done completed:${from}..${to} sort:-completed`;

export function dotsOf(tasks: readonly Pick<Task, "id" | "key" | "title" | "created_at" | "completed_at">[], period: Period, timeZone?: string): TaskDot[] {
  const [begins, ends] = daySpan(period, timeZone);
  return tasks.flatMap(({ id, key, title, created_at, completed_at }) => {
    if (!completed_at) return [];
    const done = Date.parse(completed_at);
    const at = (done - begins) / (ends - begins);
    if (at < 0 || at > 1) return [];
    return [{ id, key, name: `${key} ${title}`, done: completed_at, at, value: Math.max(0, (done - Date.parse(created_at)) / 1000) }];
  });
}
