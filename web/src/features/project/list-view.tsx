import { Link } from "@tanstack/react-router";
import clsx from "clsx";

import { toggle, useSelection } from "~/features/board/selection";
import { usePeople } from "~/features/session/queries";
import { isClosed, STATUSES, type Task } from "~/features/task/model";
import { nearDay, today } from "~/lib/dates";
import { t } from "~/lib/i18n";
import { Avatars } from "~/ui/avatar";
import { Button } from "~/ui/button";
import { PriorityGlyph, StatusGlyph } from "~/ui/glyphs";
import { Empty, Skeleton } from "~/ui/notice";

import type { Tasks } from "./project";

/** Tasks by status, one line each. */
export function ListView({ items, loading, more, editable }: Tasks & { editable: boolean }) {
  if (loading) return <div className="grid gap-2 px-4 md:px-6">{[1, 2, 3, 4, 5].map((line) => <Skeleton key={line} className="h-9" />)}</div>;
  if (items.length === 0) return <Empty title={t.project.noTasks}>{t.project.noTasksHint}</Empty>;
  return (
    <div className="h-full overflow-y-auto px-4 pb-8 md:px-6">
      {STATUSES.map((status) => ({ status, tasks: items.filter((task) => task.status === status) })).filter(({ tasks }) => tasks.length).map(({ status, tasks }) => (
        <section key={status} className="mb-4" aria-label={t.status[status]}>
          <h2 className="sticky top-0 z-10 flex items-center gap-2 bg-canvas py-1.5 text-sm font-semibold">
            <StatusGlyph status={status} />{t.status[status]}<span className="font-normal text-ink-2 tabular-nums">{tasks.length}</span>
          </h2>
          <ul className="divide-y divide-line overflow-hidden rounded-xl border border-line bg-surface">
            {tasks.map((task) => <li key={task.id}><TaskLine task={task} selectable={editable} /></li>)}
          </ul>
        </section>
      ))}
      {more && <Button onClick={more}>{t.common.more}</Button>}
    </div>
  );
}

export function TaskLine({ task, selectable = false }: { task: Task; selectable?: boolean }) {
  const { find } = usePeople();
  const selected = useSelection((chosen) => chosen.has(task.id));
  const overdue = task.due_date && !isClosed(task.status) && task.due_date < today();
  return (
    <div className={clsx("relative flex min-h-10 items-center gap-2.5 px-3 py-1.5 hover:bg-sunken", selected && "bg-tint")}>
      {selectable && <input type="checkbox" checked={selected} onChange={() => toggle(task.id)} aria-label={t.bulk.select(task.key)} className="relative z-10 size-4 accent-accent" />}
      <PriorityGlyph priority={task.priority} />
      <span className="w-16 shrink-0 text-xs text-ink-2 tabular-nums max-sm:hidden">{task.key}</span>
      <StatusGlyph status={task.status} />
      <Link to="." search={(old) => ({ ...old, task: task.key })} className={clsx("min-w-0 flex-1 truncate after:absolute after:inset-0", isClosed(task.status) && "text-ink-2")}>{task.title}</Link>
      {task.due_date && <time dateTime={task.due_date} className={clsx("shrink-0 text-xs", overdue ? "font-medium text-danger" : "text-ink-2")}>{nearDay(task.due_date)}</time>}
      <Avatars people={task.assignee_ids.map(find)} />
    </div>
  );
}
