import { AssigneeEntries, DueEntries, LabelEntries, PriorityEntries, StatusEntries } from "~/features/task/entries";
import type { Task } from "~/features/task/model";
import { t } from "~/lib/i18n";
import { MenuAt, MenuLabel } from "~/ui/menu";

import { focusedCard } from "./focus";
import type { Choice } from "./keys";

const ENTRIES = { assignee: AssigneeEntries, priority: PriorityEntries, status: StatusEntries, due: DueEntries, label: LabelEntries };

const NAMES: Record<Choice, () => string> = {
  assignee: () => t.task.assignees, priority: () => t.task.priority, status: () => t.task.status, due: () => t.task.due, label: () => t.task.labels,
};

/** A menu of one field at a card, opened by its key; the card has the focus again afterwards. */
export function Choices({ what, task, place, onClose }: { what: Choice; task: Task; place: DOMRect; onClose: () => void }) {
  const Entries = ENTRIES[what];
  const close = () => {
    onClose();
    if (!focusedCard()) document.querySelector<HTMLElement>(`[data-board] [data-card="${CSS.escape(task.id)}"] a`)?.focus();
  };
  return <MenuAt place={place} label={`${NAMES[what]()} ${task.key}`} onClose={close}><MenuLabel>{NAMES[what]()}</MenuLabel><Entries task={task} /></MenuAt>;
}
