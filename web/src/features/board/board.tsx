import { useQuery, useQueryClient } from "@tanstack/react-query";
import { lazy, Suspense, useCallback, useMemo, useState } from "react";

import { boardQuery, labelsQuery } from "~/features/project/queries";
import { useBoardRoom } from "~/features/live/board-room";
import { Who } from "~/features/live/who";
import { usePeople } from "~/features/session/queries";
import { Failed } from "~/features/shell/failed";
import { assign, edit } from "~/features/task/edit";
import type { Task } from "~/features/task/model";
import { t } from "~/lib/i18n";
import type { Person } from "~/ui/avatar";
import { Skeleton } from "~/ui/notice";

import { arranged, cardsOf, findCard, type Board, type Column } from "./arrangement";
import { Card, type Label } from "./card";
import type { Draw } from "./cards";
import { Choices } from "./choices";
import { useColumnDrops } from "./column-drag";
import { NewColumn } from "./column-head";
import { ColumnView } from "./column";
import { useBoardBox, useDrops, type Take } from "./drops";
import { oneLane } from "./grid";
import { useBoardKeys, type Choice } from "./keys";
import { changeTo, type LanesBy } from "./lanes";
import { useMove, useMoves } from "./moves";
import { usePeek } from "./peek-state";

const LanesView = lazy(() => import("./lanes-view").then((module) => ({ default: module.LanesView })));
const Peek = lazy(() => import("./peek").then((module) => ({ default: module.Peek })));

type Props = {
  boardId: string;
  projectId: string;
  /** The tasks that the filter lets through; null without a filter. */
  shown: ReadonlySet<string> | null;
  lanes: LanesBy | undefined;
  editable: boolean;
  /** Whether columns may be changed. */
  manageable: boolean;
};

const NOBODY: Person[] = [];
const NONE: Label[] = [];

export function BoardView(props: Props) {
  const { boardId, projectId, shown, lanes, editable, manageable } = props;
  const { data, error, refetch } = useQuery(boardQuery(boardId));
  const underway = useMoves((moves) => moves.underway);
  const board = useMemo(() => data && arranged(data, underway), [data, underway]);
  const columns = useMemo(() => (board && shown ? board.columns.map((column) => onlyShown(column, shown)) : (board?.columns ?? [])), [board, shown]);
  const { here, live, drag } = useBoardRoom(boardId, projectId);
  const take = useTake(boardId, lanes);
  useDrops(take, drag);
  useColumnDrops(boardId, manageable);
  const draw = useDraw(boardId, projectId, editable);
  const [choice, setChoice] = useState<{ what: Choice; id: string; place: DOMRect } | null>(null);
  const peeked = usePeek((peek) => peek.key);
  const choose = useCallback((what: Choice, card: HTMLElement) => setChoice({ what, id: card.dataset["card"] ?? "", place: card.getBoundingClientRect() }), []);
  const does = { take: editable ? take : null, choose };
  if (error && !board) return <Failed error={error} again={refetch} />;
  if (!board) return <Loading />;
  const view = { boardId, projectId, columns, filtered: shown !== null, editable, manageable, draw, does };
  const chosen = choice && findCard(board, choice.id);
  return (
    <div className="relative flex h-full flex-col">
      {/* Beside the filter, where there is room: who comes and goes moves no card. */}
      {(!live || here.length > 0) && <div className="px-4 pb-2 md:absolute md:-top-10 md:right-6 md:px-0"><Who here={here} live={live} /></div>}
      {lanes
        ? <Suspense fallback={<Loading />}><LanesView key={lanes} by={lanes} {...view} /></Suspense>
        : <PlainBoard {...view} />}
      {choice && chosen && <Choices key={`${choice.id}.${choice.what}`} {...choice} task={chosen} onClose={() => setChoice(null)} />}
      {peeked && <Suspense fallback={null}><Peek taskKey={peeked} /></Suspense>}
    </div>
  );
}

type View = { boardId: string; columns: readonly Column[]; filtered: boolean; editable: boolean; manageable: boolean; draw: Draw; does: Parameters<typeof useBoardKeys>[1] };

/** A board without lanes. */
function PlainBoard({ boardId, columns, does, filtered, editable, manageable, draw }: View) {
  const box = useBoardBox();
  useBoardKeys(useMemo(() => oneLane(columns), [columns]), does);
  return (
    <div ref={box} data-board={boardId} className="flex min-h-0 flex-1 snap-x snap-mandatory items-start gap-3 overflow-x-auto px-4 pb-4 sm:snap-none md:px-6">
      {columns.map((column) => <ColumnView key={column.id} {...{ column, filtered, editable, manageable, draw }} />)}
      {manageable && <NewColumn boardId={boardId} />}
    </div>
  );
}

function onlyShown(column: Column, shown: ReadonlySet<string>): Column {
  return { ...column, cards: { ...column.cards, items: cardsOf(column).filter((card) => shown.has(card.id)) } };
}

function Loading() {
  return (
    <div className="flex gap-3 px-4 md:px-6" role="status" aria-label={t.common.loading}>
      {["h-96", "h-56", "h-72", "h-40"].map((height) => <Skeleton key={height} className={`${height} w-[min(17.5rem,86vw)] shrink-0 rounded-2xl`} />)}
    </div>
  );
}

/** Takes a card to a place and, in another lane, gives it that lane's value. */
function useTake(boardId: string, lanes: LanesBy | undefined): Take {
  const cache = useQueryClient();
  const move = useMove(boardId);
  return useCallback((id, from, to) => {
    const board = cache.getQueryData<Board>(["board", boardId]);
    const task = board && findCard(board, id);
    const change = task && lanes && from !== null && to.lane !== null ? changeTo(lanes, task, from, to.lane) : null;
    if (task && change) {
      const { assignee_ids, ...fields } = change;
      void (assignee_ids ? assign(cache, task, assignee_ids) : edit(cache, task, fields));
    }
    const { before_id, after_id, column_id } = to.move;
    if (!change || before_id || after_id || column_id !== task?.column_id) move(to.move);
  }, [cache, boardId, lanes, move]);
}

/** Draws a card; the same function as long as people and labels are, so that cards that did not change are left alone. */
function useDraw(boardId: string, projectId: string, editable: boolean): Draw {
  const { all } = usePeople();
  const { data: labels } = useQuery(labelsQuery(projectId));
  const ofPeople = useMemo(() => finder<Person>(all, NOBODY), [all]);
  const ofLabels = useMemo(() => finder<Label>(labels ?? [], NONE), [labels]);
  return useCallback((task: Task, lane: string | null) => (
    <Card task={task} lane={lane} boardId={boardId} movable={editable} people={ofPeople(task.assignee_ids)} labels={ofLabels(task.label_ids)} />
  ), [boardId, editable, ofPeople, ofLabels]);
}

/** Finds things by their ids; the same ids give the same list. */
function finder<T extends { id: string }>(all: readonly T[], none: T[]): (ids: readonly string[]) => T[] {
  const known = new Map(all.map((thing) => [thing.id, thing]));
  const made = new Map<string, T[]>();
  return (ids) => {
    if (ids.length === 0) return none;
    const name = ids.join();
    const found = made.get(name) ?? ids.flatMap((id) => known.get(id) ?? []);
    made.set(name, found);
    return found;
  };
}
