// A project: one filter, looked at as board, list, table or calendar. All of it stands in the address.
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { Calendar, ChartNoAxesColumn, Columns3, List, Settings2, Star, Table2 } from "lucide-react";
import { lazy, Suspense, useEffect, useMemo } from "react";

import { Failed } from "~/features/shell/failed";
import { ProjectSign } from "~/features/shell/navigation";
import { useKeys } from "~/features/shell/keys";
import { useMay, useMe } from "~/features/session/queries";
import type { Task } from "~/features/task/model";
import { t } from "~/lib/i18n";
import { IconButton } from "~/ui/button";
import { Menu, MenuItem } from "~/ui/menu";
import { Skeleton } from "~/ui/notice";
import type { ViewName } from "~/router";

import { BulkBar } from "./bulk-bar";
import { useFavourite } from "./favourite";
import { toggled } from "./filter";
import { FilterBar } from "./filter-bar";
import { boardsQuery, projectQuery, tasksQuery } from "./queries";
import { useManages } from "./rights";

const LanesMenu = lazy(() => import("~/features/board/lanes-menu").then((module) => ({ default: module.LanesMenu })));
const ListsRoom = lazy(() => import("~/features/live/lists-room").then((module) => ({ default: module.ListsRoom })));
const BoardView = lazy(() => import("~/features/board/board").then((module) => ({ default: module.BoardView })));
const ListView = lazy(() => import("./list-view").then((module) => ({ default: module.ListView })));
const TableView = lazy(() => import("./table-view").then((module) => ({ default: module.TableView })));
const CalendarView = lazy(() => import("./calendar-view").then((module) => ({ default: module.CalendarView })));

const route = getRouteApi("/frame/projects/$projectId");

const SIGNS: Record<ViewName, typeof List> = { board: Columns3, list: List, table: Table2, calendar: Calendar };

export function Project() {
  const { projectId } = route.useParams();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const view = search.view ?? "board";
  const { data: project, error, refetch } = useQuery(projectQuery(projectId));
  const { data: boards } = useQuery(boardsQuery(projectId));
  const editable = useMe().permissions.includes("task:update") && !project?.archived_at;
  const manageable = useManages(project) && !project?.archived_at;
  const readsNumbers = useMay("analytics:read");
  const tasks = useTasks(projectId, search.filter ?? "", view !== "board" || Boolean(search.filter));
  const board = boards?.find((board) => board.id === search.board) ?? boards?.[0];
  const show = (view: ViewName) => () => void navigate({ search: ({ view: _, ...old }) => ({ ...old, ...(view !== "board" && { view }) }) });
  const filterBy = (filter: string) => void navigate({ search: ({ filter: _, ...old }) => ({ ...old, ...(filter && { filter }) }), replace: true });
  useKeys({ q: () => filterBy(toggled(search.filter ?? "", "assignee:me")) });
  useKeys({ "g b": show("board"), "g l": show("list"), "g t": show("table"), "g c": show("calendar") });
  useEffect(() => {
    document.title = project ? `${project.name} · Tenantry` : "Tenantry";
  }, [project]);
  const shown = useMemo(() => (search.filter ? new Set(tasks.items.map((task) => task.id)) : null), [search.filter, tasks.items]);
  if (error && !project) return <Failed error={error} again={refetch} />;
  return (
    <div className="flex h-full flex-col">
      <header className="flex flex-wrap items-center gap-x-3 gap-y-2 px-4 pt-3 pb-2 md:px-6">
        <div className="flex min-w-0 items-center gap-2.5">
          <ProjectSign color={project?.color} />
          <h1 className="truncate text-lg font-semibold">{project?.name ?? <Skeleton className="h-5 w-40" />}</h1>
          <FavouriteButton projectId={projectId} />
          {readsNumbers && <Link to="/projects/$projectId/analytics" params={{ projectId }} aria-label={t.shell.analytics} title={t.shell.analytics} className="inline-flex size-8 items-center justify-center rounded-lg text-ink-2 hover:bg-sunken hover:text-ink"><ChartNoAxesColumn size={16} aria-hidden /></Link>}
          <Link to="/projects/$projectId/settings" params={{ projectId }} aria-label={t.project.settings} title={t.project.settings}
            className="inline-flex size-8 shrink-0 items-center justify-center rounded-lg text-ink-2 hover:bg-sunken hover:text-ink"><Settings2 size={16} /></Link>
        </div>
        {boards && boards.length > 1 && board && (
          <Menu trigger={<button type="button" className="rounded-lg border border-line bg-surface px-2 py-1 text-sm shadow-card">{board.name} ▾</button>}>
            {boards.map((other) => (
              <MenuItem key={other.id} chosen={other.id === board.id} onSelect={() => void navigate({ search: (old) => ({ ...old, board: other.id }) })}>{other.name}</MenuItem>
            ))}
          </Menu>
        )}
        {view === "board" && (
          <Suspense fallback={null}>
            <LanesMenu by={search.lanes} onChange={(lanes) => void navigate({ search: ({ lanes: _, ...old }) => ({ ...old, ...(lanes && { lanes }) }) })} />
          </Suspense>
        )}
        <div role="group" aria-label={t.project.view} className="ml-auto flex rounded-lg border border-line bg-surface p-0.5 shadow-card">
          {(Object.keys(SIGNS) as ViewName[]).map((name) => {
            const Sign = SIGNS[name];
            return (
              <button key={name} type="button" aria-pressed={name === view} onClick={show(name)}
                className="inline-flex min-h-7 items-center gap-1.5 rounded-md px-2 text-sm text-ink-2 hover:text-ink aria-pressed:bg-sunken aria-pressed:font-medium aria-pressed:text-ink">
                <Sign size={15} aria-hidden /><span className="max-sm:sr-only">{t.project.views[name]}</span>
              </button>
            );
          })}
        </div>
      </header>
      <FilterBar key={search.filter} projectId={projectId} filter={search.filter ?? ""} error={tasks.error}
        onChange={filterBy} />
      <div className="min-h-0 flex-1">
        <Suspense fallback={<Skeleton className="mx-6 h-64" />}>
          {view === "board" && board && <BoardView key={board.id} boardId={board.id} projectId={projectId} shown={shown} lanes={search.lanes} editable={editable} manageable={manageable} />}
          {view === "list" && <ListView {...tasks} editable={editable} />}
          {view === "table" && <TableView {...tasks} projectId={projectId} editable={editable} />}
          {view === "calendar" && (
            <CalendarView {...tasks} editable={editable} month={search.month}
              onMonth={(month) => void navigate({ search: (old) => ({ ...old, month }) })} />
          )}
        </Suspense>
      </div>
      {view !== "board" && <Suspense fallback={null}><ListsRoom projectIds={[projectId]} /></Suspense>}
      <BulkBar projectId={projectId} />
    </div>
  );
}

export type Tasks = { items: Task[]; loading: boolean; error: Error | null; more: (() => void) | null };

/** The tasks of a filter, a page at a time; the calendar and the filtered board want them all, up to a bound. */
const WANTED_WHOLE = 2000;

function useTasks(projectId: string, filter: string, enabled: boolean): Tasks {
  const { data, error, isPending, hasNextPage, isFetchingNextPage, fetchNextPage } = useInfiniteQuery({ ...tasksQuery(filter, projectId), enabled });
  const items = useMemo(() => data?.pages.flatMap((page) => page.items) ?? [], [data]);
  const more = hasNextPage && !isFetchingNextPage && !error && items.length < WANTED_WHOLE;
  useEffect(() => {
    if (more) void fetchNextPage();
  }, [more, fetchNextPage]);
  return { items, loading: enabled && isPending, error, more: hasNextPage && items.length >= WANTED_WHOLE ? () => void fetchNextPage() : null };
}

function FavouriteButton({ projectId }: { projectId: string }) {
  const { favourite, change } = useFavourite("project", projectId);
  return (
    <IconButton label={favourite ? t.project.unstar : t.project.star} aria-pressed={favourite} onClick={change}>
      <Star size={16} className={favourite ? "fill-current text-warn" : ""} />
    </IconButton>
  );
}
