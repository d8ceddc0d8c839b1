// How a change to many tasks is taken back: each gets again what it had, in as few requests as there were values.
import type { Task } from "~/features/task/model";
import type { Schemas } from "~/lib/api/client";

type Change = Schemas["Change"];

export function reversal(before: readonly Task[], change: Change): { ids: string[]; change: Change }[] {
  const groups = new Map<string, { ids: string[]; change: Change }>();
  for (const task of before) {
    const added = change.add_label_ids?.filter((id) => !task.label_ids.includes(id));
    if (added?.length === 0) continue;
    const back: Change = {
      ...(added && { remove_label_ids: added }),
      ...("status" in change && { status: task.status }),
      ...("priority" in change && { priority: task.priority }),
      ...("assignee_ids" in change && { assignee_ids: task.assignee_ids }),
      ...("due_date" in change && { due_date: task.due_date ?? null }),
    };
    const name = JSON.stringify(back);
    const group = groups.get(name) ?? { ids: [], change: back };
    group.ids.push(task.id);
    groups.set(name, group);
  }
  return [...groups.values()];
}
