import { useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import clsx from "clsx";
import { ArrowDown, ArrowUp } from "lucide-react";
import { useMemo, useState } from "react";

import { toggle, useSelection } from "~/features/board/selection";
import { usePeople } from "~/features/session/queries";
import { edit, setStatus } from "~/features/task/edit";
import { PRIORITIES, STATUSES, type Task } from "~/features/task/model";
import { ago } from "~/lib/dates";
import { locale, t } from "~/lib/i18n";
import { Button } from "~/ui/button";
import { Empty, Skeleton } from "~/ui/notice";

import type { Tasks } from "./project";

type ColumnName = "key" | "title" | "status" | "priority" | "due" | "updated";

const NUMBER = /\d+$/;

/** What a column sorts by; ISO dates sort as text, and what has none comes last. */
const SORTED_BY: Record<ColumnName, (task: Task) => string | number> = {
  key: (task) => Number(NUMBER.exec(task.key)?.[0] ?? 0),
  title: (task) => task.title,
  status: (task) => STATUSES.indexOf(task.status),
  priority: (task) => PRIORITIES.indexOf(task.priority),
  due: (task) => task.due_date ?? "9999",
  updated: (task) => task.updated_at,
};

/** Tasks as rows with their values edited in place. */
export function TableView({ items, loading, more, editable }: Tasks & { projectId: string; editable: boolean }) {
  const [by, setBy] = useState<ColumnName>("key");
  const [down, setDown] = useState(false);
  const rows = useMemo(() => {
    const value = SORTED_BY[by];
    const order = new Intl.Collator(locale());
    const compare = (a: Task, b: Task) => {
      const [one, other] = [value(a), value(b)];
      return typeof one === "string" && typeof other === "string" ? order.compare(one, other) : Number(one) - Number(other);
    };
    return items.toSorted((a, b) => (down ? -compare(a, b) : compare(a, b)));
  }, [items, by, down]);
  if (loading) return <Skeleton className="mx-6 h-64" />;
  if (items.length === 0) return <Empty title={t.project.noTasks}>{t.project.noTasksHint}</Empty>;
  const head = (name: ColumnName, label: string) => (
    <th scope="col" aria-sort={by === name ? (down ? "descending" : "ascending") : "none"} className="px-2 py-1.5 font-medium">
      <button type="button" className="inline-flex items-center gap-1 hover:text-ink" onClick={() => {
        setDown(by === name && !down);
        setBy(name);
      }}>
        {label}{by === name && (down ? <ArrowDown size={13} aria-hidden /> : <ArrowUp size={13} aria-hidden />)}
      </button>
    </th>
  );
  return (
    <div className="h-full overflow-auto px-4 pb-8 md:px-6">
      <table className="w-full min-w-3xl border-separate border-spacing-0 rounded-xl border border-line bg-surface text-left">
        <thead className="sticky top-0 z-10 text-sm text-ink-2 [&_th]:border-b [&_th]:border-line [&_th]:bg-surface">
          <tr>
            <th scope="col" className="w-8 px-2"><span className="sr-only">{t.board.select}</span></th>
            {head("key", t.task.key)}{head("title", t.task.title)}{head("status", t.task.status)}{head("priority", t.task.priority)}
            <th scope="col" className="px-2 font-medium">{t.task.assignees}</th>
            {head("due", t.task.due)}{head("updated", t.task.updated)}
          </tr>
        </thead>
        <tbody>{rows.map((task) => <Row key={task.id} task={task} editable={editable} />)}</tbody>
      </table>
      {more && <Button className="mt-3" onClick={more}>{t.common.more}</Button>}
    </div>
  );
}

const cellInput = "w-full min-h-7 rounded-md border border-transparent bg-transparent px-1 hover:border-line focus:border-line-strong disabled:opacity-100";

function Row({ task, editable }: { task: Task; editable: boolean }) {
  const cache = useQueryClient();
  const { find } = usePeople();
  const selected = useSelection((chosen) => chosen.has(task.id));
  return (
    <tr className={clsx("[&>td]:border-b [&>td]:border-line last:[&>td]:border-0", selected ? "bg-tint" : "hover:bg-sunken")}>
      <td className="px-2"><input type="checkbox" disabled={!editable} checked={selected} onChange={() => toggle(task.id)} aria-label={t.bulk.select(task.key)} className="size-4 accent-accent" /></td>
      <td className="px-2 text-sm whitespace-nowrap text-ink-2 tabular-nums">{task.key}</td>
      <td className="max-w-96 px-2 py-1.5"><Link to="." search={(old) => ({ ...old, task: task.key })} className="line-clamp-2 hover:underline">{task.title}</Link></td>
      <td className="px-1">
        <select aria-label={`${t.task.status} ${task.key}`} disabled={!editable} value={task.status} className={cellInput}
          onChange={(event) => void setStatus(cache, task, event.target.value as Task["status"])}>
          {STATUSES.map((status) => <option key={status} value={status}>{t.status[status]}</option>)}
        </select>
      </td>
      <td className="px-1">
        <select aria-label={`${t.task.priority} ${task.key}`} disabled={!editable} value={task.priority} className={cellInput}
          onChange={(event) => void edit(cache, task, { priority: event.target.value as Task["priority"] })}>
          {PRIORITIES.map((priority) => <option key={priority} value={priority}>{t.priority[priority]}</option>)}
        </select>
      </td>
      <td className="px-2 text-sm">{task.assignee_ids.map((id) => find(id).name).join(", ")}</td>
      <td className="px-1">
        <input type="date" aria-label={`${t.task.due} ${task.key}`} disabled={!editable} value={task.due_date ?? ""} className={cellInput}
          onChange={(event) => void edit(cache, task, { due_date: event.target.value || null })} />
      </td>
      <td className="px-2 text-sm whitespace-nowrap text-ink-2">{ago(task.updated_at)}</td>
    </tr>
  );
}
