import type { Task } from "~/features/task/model";
import type { Day } from "~/lib/dates";

type Groups = { overdue: Task[]; today: Task[]; soon: Task[]; later: Task[] };

/** Sorts open tasks by when they are due; `until` is the last day that is soon. */
export function byUrgency(tasks: readonly Task[], now: Day, until: Day): Groups {
  const groups: Groups = { overdue: [], today: [], soon: [], later: [] };
  for (const task of tasks) {
    const due = task.due_date;
    if (!due || due > until) groups.later.push(task);
    else if (due < now) groups.overdue.push(task);
    else if (due === now) groups.today.push(task);
    else groups.soon.push(task);
  }
  return groups;
}
