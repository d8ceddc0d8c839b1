// Where one begins: one's own work by when it is due, what one keeps at hand, and what changed last.
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { lazy, Suspense, useEffect, type ReactNode } from "react";

import { favouritesQuery } from "~/features/project/favourite";
import { TaskLine } from "~/features/project/list-view";
import { projectsQuery, tasksQuery } from "~/features/project/queries";
import { useMe } from "~/features/session/queries";
import { Failed } from "~/features/shell/failed";
import { ProjectSign } from "~/features/shell/navigation";
import { open } from "~/features/shell/state";
import type { Task } from "~/features/task/model";
import { plusDays, today } from "~/lib/dates";
import { t } from "~/lib/i18n";
import { Button } from "~/ui/button";
import { Empty, Skeleton } from "~/ui/notice";

import { byUrgency } from "./urgency";

const ListsRoom = lazy(() => import("~/features/live/lists-room").then((module) => ({ default: module.ListsRoom })));

const MINE = "assignee:me is:open sort:due";
const RECENT = "updated:>=-14d sort:-updated";

/** What is shown of what changed last. */
const LATEST = 8;

export function Home() {
  const { user } = useMe();
  const mine = useInfiniteQuery(tasksQuery(MINE));
  const recent = useInfiniteQuery(tasksQuery(RECENT));
  useEffect(() => {
    document.title = `${t.shell.home} · Tenantry`;
  }, []);
  const tasks = mine.data?.pages.flatMap((page) => page.items) ?? [];
  const seen = [...tasks, ...(recent.data?.pages[0]?.items ?? [])].map((task) => task.project_id);
  const now = today();
  const groups = byUrgency(tasks, now, plusDays(now, 7));
  return (
    <div className="h-full overflow-y-auto px-4 py-6 md:px-8">
      <Suspense fallback={null}><ListsRoom projectIds={seen} /></Suspense>
      <div className="mx-auto grid max-w-6xl gap-8 xl:grid-cols-[1fr_20rem]">
        <div>
          <h1 className="mb-5 text-2xl font-semibold">{t.home.hello(user.name.split(" ")[0] ?? user.name)}</h1>
          {mine.error && !mine.data && <Failed error={mine.error} again={mine.refetch} />}
          {mine.isPending && <div className="grid gap-2">{[1, 2, 3, 4].map((line) => <Skeleton key={line} className="h-10" />)}</div>}
          {mine.data && tasks.length === 0 && (
            <Empty title={t.home.nothing} action={<Button kind="primary" onClick={() => open("newTask")}>{t.task.create}</Button>}>{t.home.nothingHint}</Empty>
          )}
          <Group title={t.home.overdue} tasks={groups.overdue} bad />
          <Group title={t.home.today} tasks={groups.today} />
          <Group title={t.home.week} tasks={groups.soon} />
          <Group title={t.home.later} tasks={groups.later} />
          {mine.hasNextPage && <Button onClick={() => void mine.fetchNextPage()}>{t.common.more}</Button>}
        </div>
        <aside className="grid content-start gap-6">
          <AtHand />
          <Side title={t.home.recent}>
            {recent.isPending && <Skeleton className="h-40" />}
            <ul className="grid gap-0.5">
              {recent.data?.pages[0]?.items.slice(0, LATEST).map((task) => (
                <li key={task.id}><Link to="." search={(old) => ({ ...old, task: task.key })} className="flex gap-2 rounded-lg px-2 py-1 text-sm hover:bg-sunken"><span className="shrink-0 text-ink-2 tabular-nums">{task.key}</span><span className="truncate">{task.title}</span></Link></li>
              ))}
            </ul>
          </Side>
        </aside>
      </div>
    </div>
  );
}

function Group({ title, tasks, bad = false }: { title: string; tasks: Task[]; bad?: boolean }) {
  if (tasks.length === 0) return null;
  return (
    <section aria-label={title} className="mb-6">
      <h2 className={`mb-1.5 text-sm font-semibold ${bad ? "text-danger" : "text-ink-2"}`}>{title} <span className="font-normal tabular-nums">{tasks.length}</span></h2>
      <ul className="divide-y divide-line overflow-hidden rounded-xl border border-line bg-surface shadow-card">{tasks.map((task) => <li key={task.id}><TaskLine task={task} /></li>)}</ul>
    </section>
  );
}

function Side({ title, children }: { title: string; children: ReactNode }) {
  return <section aria-label={title}><h2 className="mb-1.5 px-2 text-sm font-semibold text-ink-2">{title}</h2>{children}</section>;
}

function AtHand() {
  const { data = [] } = useQuery(favouritesQuery);
  const { data: projects = [] } = useQuery(projectsQuery);
  const kept = data.filter((favourite) => favourite.kind === "project");
  if (kept.length === 0) return null;
  return (
    <Side title={t.home.atHand}>
      <ul>
        {kept.map((favourite) => (
          <li key={favourite.id}>
            <Link to="/projects/$projectId" params={{ projectId: favourite.id }} className="flex items-center gap-2.5 rounded-lg px-2 py-1 hover:bg-sunken">
              <ProjectSign color={projects.find((project) => project.id === favourite.id)?.color} />{favourite.name}
            </Link>
          </li>
        ))}
      </ul>
    </Side>
  );
}
