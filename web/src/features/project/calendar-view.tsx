import { draggable, dropTargetForElements, monitorForElements } from "@atlaskit/pragmatic-drag-and-drop/element/adapter";
import { useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import clsx from "clsx";
import { ChevronLeft, ChevronRight } from "lucide-react";
import { useEffect, useRef, useState } from "react";

import { edit } from "~/features/task/edit";
import { isClosed, type Task } from "~/features/task/model";
import { plusMonths, showDay, showMonth, showWeekday, today, weeksOf, type Day } from "~/lib/dates";
import { t } from "~/lib/i18n";
import { Button, IconButton } from "~/ui/button";
import { StatusGlyph } from "~/ui/glyphs";

import type { Tasks } from "./project";

type Props = Tasks & { editable: boolean; month: string | undefined; onMonth: (month: string) => void };

/** Tasks on the days they are due; dragging one changes its day. */
export function CalendarView({ items, editable, month = today().slice(0, 7), onMonth }: Props) {
  const cache = useQueryClient();
  const weeks = weeksOf(month);
  const dated = Map.groupBy(items.filter((task) => task.due_date), (task) => task.due_date ?? "");
  useEffect(() => monitorForElements({
    canMonitor: ({ source }) => "dated" in source.data,
    onDrop: ({ source, location }) => {
      const day = location.current.dropTargets[0]?.data["day"];
      const task = items.find((task) => task.id === source.data["dated"]);
      if (task && typeof day === "string" && day !== task.due_date) void edit(cache, task, { due_date: day });
    },
  }), [items, cache]);
  return (
    <div className="flex h-full flex-col px-4 pb-4 md:px-6">
      <div className="mb-2 flex items-center gap-1">
        <h2 className="mr-2 text-lg font-semibold">{showMonth(month)}</h2>
        <IconButton label={t.calendar.before} onClick={() => onMonth(plusMonths(month, -1))}><ChevronLeft size={16} /></IconButton>
        <IconButton label={t.calendar.after} onClick={() => onMonth(plusMonths(month, 1))}><ChevronRight size={16} /></IconButton>
        <Button kind="quiet" onClick={() => onMonth(today().slice(0, 7))}>{t.calendar.today}</Button>
      </div>
      <div role="table" aria-label={showMonth(month)} className="flex min-h-0 flex-1 flex-col overflow-auto rounded-xl border border-line bg-surface">
        <div role="row" className="sticky top-0 z-10 grid min-w-3xl grid-cols-7 border-b border-line bg-surface text-sm text-ink-2">
          {weeks[0]?.map((day) => <div role="columnheader" key={day} className="px-2 py-1">{showWeekday(day)}</div>)}
        </div>
        {weeks.map((week) => (
          <div role="row" key={week[0]} className="grid min-h-28 min-w-3xl flex-1 grid-cols-7 border-b border-line last:border-0">
            {week.map((day) => <DayCell key={day} day={day} dim={!day.startsWith(month)} tasks={dated.get(day) ?? []} editable={editable} />)}
          </div>
        ))}
      </div>
    </div>
  );
}

function DayCell({ day, dim, tasks, editable }: { day: Day; dim: boolean; tasks: Task[]; editable: boolean }) {
  const ref = useRef<HTMLDivElement>(null);
  const [over, setOver] = useState(false);
  useEffect(() => {
    if (!ref.current) return;
    return dropTargetForElements({
      element: ref.current,
      canDrop: ({ source }) => "dated" in source.data,
      getData: () => ({ day }),
      onDragEnter: () => setOver(true),
      onDragLeave: () => setOver(false),
      onDrop: () => setOver(false),
    });
  }, [day]);
  const now = day === today();
  return (
    <div ref={ref} role="cell" data-day={day} className={clsx("grid min-w-0 auto-rows-min grid-cols-[minmax(0,1fr)] gap-1 border-r border-line p-1 last:border-0", dim && "bg-canvas", over && "bg-tint")}>
      <time dateTime={day} title={showDay(day)} className={clsx("inline-flex size-6 items-center justify-center rounded-full text-xs tabular-nums", now ? "bg-accent font-semibold text-on-accent" : "text-ink-2")}>{Number(day.slice(8))}</time>
      {tasks.map((task) => <Entry key={task.id} task={task} editable={editable} />)}
    </div>
  );
}

function Entry({ task, editable }: { task: Task; editable: boolean }) {
  const ref = useRef<HTMLAnchorElement>(null);
  const { id } = task;
  useEffect(() => {
    if (!ref.current || !editable) return;
    return draggable({ element: ref.current, getInitialData: () => ({ dated: id }) });
  }, [id, editable]);
  return (
    <Link ref={ref} to="." search={(old) => ({ ...old, task: task.key })}
      className={clsx("flex items-center gap-1.5 rounded-md border border-line bg-raised px-1.5 py-0.5 text-xs hover:border-line-strong", isClosed(task.status) && "text-ink-2")}>
      <StatusGlyph status={task.status} className="size-3.5" /><span className="truncate">{task.title}</span>
    </Link>
  );
}
