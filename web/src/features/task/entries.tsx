// Entries of menus that change one field of a task.
import { useQuery, useQueryClient } from "@tanstack/react-query";

import { labelsQuery } from "~/features/project/queries";
import { usePeople } from "~/features/session/queries";
import { plusDays, today } from "~/lib/dates";
import { t } from "~/lib/i18n";
import { Avatar } from "~/ui/avatar";
import { PriorityGlyph, StatusGlyph } from "~/ui/glyphs";
import { MenuCheck, MenuItem, MenuLabel } from "~/ui/menu";

import { assign, edit, setStatus } from "./edit";
import { PRIORITIES, STATUSES, type Task } from "./model";

type Props = { task: Task };

export function StatusEntries({ task }: Props) {
  const cache = useQueryClient();
  return STATUSES.map((status) => (
    <MenuItem key={status} chosen={status === task.status} onSelect={() => void setStatus(cache, task, status)}><StatusGlyph status={status} />{t.status[status]}</MenuItem>
  ));
}

export function PriorityEntries({ task }: Props) {
  const cache = useQueryClient();
  return PRIORITIES.map((priority) => (
    <MenuItem key={priority} chosen={priority === task.priority} onSelect={() => void edit(cache, task, { priority })}><PriorityGlyph priority={priority} />{t.priority[priority]}</MenuItem>
  ));
}

export function AssigneeEntries({ task }: Props) {
  const cache = useQueryClient();
  const { all } = usePeople();
  const ids = task.assignee_ids;
  return all.map((person) => (
    <MenuCheck key={person.id} checked={ids.includes(person.id)}
      onChange={(on) => void assign(cache, task, on ? [...ids, person.id] : ids.filter((id) => id !== person.id))}>
      <Avatar person={person} size="size-5" label={false} />{person.name}
    </MenuCheck>
  ));
}

export function LabelEntries({ task }: Props) {
  const cache = useQueryClient();
  const { data: labels = [] } = useQuery(labelsQuery(task.project_id));
  const ids = task.label_ids;
  if (labels.length === 0) return <MenuLabel>{t.task.noLabels}</MenuLabel>;
  return labels.map((label) => (
    <MenuCheck key={label.id} checked={ids.includes(label.id)}
      onChange={(on) => void edit(cache, task, { label_ids: on ? [...ids, label.id] : ids.filter((id) => id !== label.id) })}>{label.name}</MenuCheck>
  ));
}

const SOON = [["today", 0], ["tomorrow", 1], ["nextWeek", 7]] as const;

export function DueEntries({ task }: Props) {
  const cache = useQueryClient();
  const due = task.due_date ?? null;
  return (
    <>
      {SOON.map(([name, days]) => {
        const day = plusDays(today(), days);
        return <MenuItem key={name} chosen={day === due} onSelect={() => void edit(cache, task, { due_date: day })}>{t.bulk.days[name]}</MenuItem>;
      })}
      <MenuItem chosen={due === null} onSelect={() => void edit(cache, task, { due_date: null })}>{t.task.noDate}</MenuItem>
    </>
  );
}
