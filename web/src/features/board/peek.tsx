// A look into the focused card, without opening it; it follows the focus.
import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useEffect } from "react";

import { usePeople } from "~/features/session/queries";
import { checklistsQuery, taskQuery } from "~/features/task/queries";
import { nearDay } from "~/lib/dates";
import { t } from "~/lib/i18n";
import { Avatars } from "~/ui/avatar";
import { PriorityGlyph, StatusGlyph } from "~/ui/glyphs";
import { Skeleton } from "~/ui/notice";

import { peekAt } from "./peek-state";
import { w } from "./words";

const Markdown = lazy(() => import("~/features/task/markdown").then((module) => ({ default: module.Markdown })));

export function Peek({ taskKey }: { taskKey: string }) {
  const { data: task } = useQuery(taskQuery(taskKey));
  const { data: lists = [] } = useQuery({ ...checklistsQuery(task?.id ?? ""), enabled: Boolean(task?.checklist.total) });
  const { find } = usePeople();
  useEffect(() => () => peekAt(null), []);
  return (
    <aside aria-label={w.peek(taskKey)} aria-live="polite" className="rise fixed right-4 bottom-4 z-20 flex max-h-[60dvh] w-[min(26rem,calc(100vw-2rem))] flex-col gap-2 rounded-2xl border border-line bg-raised p-4 shadow-float">
      {!task && <><Skeleton className="h-6 w-2/3" /><Skeleton className="h-24" /></>}
      {task && (
        <>
          <div className="flex flex-wrap items-center gap-2 text-sm text-ink-2">
            <PriorityGlyph priority={task.priority} /><span className="tabular-nums">{task.key}</span>
            <span className="inline-flex items-center gap-1.5"><StatusGlyph status={task.status} />{t.status[task.status]}</span>
            {task.due_date && <time dateTime={task.due_date}>{nearDay(task.due_date)}</time>}
            <span className="ml-auto"><Avatars people={task.assignee_ids.map(find)} /></span>
          </div>
          <h2 className="text-lg leading-snug font-semibold">{task.title}</h2>
          {/* What is longer is scrolled by keys, too. */}
          {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
          <div role="group" aria-label={t.task.description} tabIndex={0} className="min-h-0 overflow-y-auto">
            {task.description ? <Suspense fallback={<Skeleton className="h-16" />}><Markdown text={task.description} /></Suspense> : <p className="text-ink-2">{t.task.noDescription}</p>}
            {lists.flatMap((list) => list.items).map((item) => <p key={item.id} className="mt-1 text-sm"><span aria-hidden>{item.done ? "☑" : "☐"}</span> {item.text}</p>)}
          </div>
        </>
      )}
      <p className="text-xs text-ink-2">{w.peekHint}</p>
    </aside>
  );
}
