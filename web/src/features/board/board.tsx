import { extractClosestEdge } from "@atlaskit/pragmatic-drag-and-drop-hitbox/closest-edge/extract-closest-edge";
import { autoScrollForElements } from "@atlaskit/pragmatic-drag-and-drop-auto-scroll/element";
import { combine } from "@atlaskit/pragmatic-drag-and-drop/combine";
import { monitorForElements } from "@atlaskit/pragmatic-drag-and-drop/element/adapter";
import { useQuery } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useRef } from "react";

import { boardQuery, labelsQuery } from "~/features/project/queries";
import { useBoardRoom } from "~/features/live/board-room";
import { Who } from "~/features/live/who";
import { usePeople } from "~/features/session/queries";
import { Failed } from "~/features/shell/failed";
import { useKeys } from "~/features/shell/keys";
import type { Task } from "~/features/task/model";
import { t } from "~/lib/i18n";
import type { Person } from "~/ui/avatar";
import { Skeleton } from "~/ui/notice";

import { arranged, cardsOf, step, type Board, type Move } from "./arrangement";
import { Card, type Label } from "./card";
import { ColumnView } from "./column";
import { keepFocus } from "./focus";
import { useMove, useMoves } from "./moves";
import { clear, toggle } from "./selection";

type Props = {
  boardId: string;
  projectId: string;
  /** The tasks that the filter lets through; null without a filter. */
  shown: ReadonlySet<string> | null;
  editable: boolean;
};

const NOBODY: Person[] = [];
const NONE: Label[] = [];

export function BoardView({ boardId, projectId, shown, editable }: Props) {
  const { data, error, refetch } = useQuery(boardQuery(boardId));
  const underway = useMoves((moves) => moves.underway);
  const board = useMemo(() => data && arranged(data, underway), [data, underway]);
  const move = useMove(boardId);
  const ref = useDrops(board, move);
  const draw = useDraw(boardId, projectId, editable);
  const { here, live } = useBoardRoom(boardId, projectId);
  useBoardKeys(board, editable ? move : null);
  if (error && !board) return <Failed error={error} again={refetch} />;
  if (!board) return <Loading />;
  return (
    <div className="flex h-full flex-col">
      {(!live || here.length > 0) && <div className="px-4 pb-2 md:px-6"><Who here={here} live={live} /></div>}
      <div ref={ref} data-board={boardId} className="flex min-h-0 flex-1 snap-x snap-mandatory items-start gap-3 overflow-x-auto px-4 pb-4 sm:snap-none md:px-6">
        {board.columns.map((column) => (
          <ColumnView key={column.id} column={column} boardId={boardId} filtered={shown !== null} editable={editable} draw={draw}
            cards={shown ? cardsOf(column).filter((card) => shown.has(card.id)) : cardsOf(column)} />
        ))}
      </div>
    </div>
  );
}

function Loading() {
  return (
    <div className="flex gap-3 px-4 md:px-6" role="status" aria-label={t.common.loading}>
      {["h-96", "h-56", "h-72", "h-40"].map((height) => <Skeleton key={height} className={`${height} w-76 shrink-0 rounded-2xl`} />)}
    </div>
  );
}

/** Draws a card; the same function as long as people and labels are, so that cards that did not change are left alone. */
function useDraw(boardId: string, projectId: string, editable: boolean) {
  const { all } = usePeople();
  const { data: labels } = useQuery(labelsQuery(projectId));
  const ofPeople = useMemo(() => finder<Person>(all, NOBODY), [all]);
  const ofLabels = useMemo(() => finder<Label>(labels ?? [], NONE), [labels]);
  return useCallback((task: Task) => (
    <Card task={task} boardId={boardId} movable={editable} people={ofPeople(task.assignee_ids)} labels={ofLabels(task.label_ids)} />
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

/** What a drop means: beside the card under it, else the end of the column under it. */
function useDrops(board: Board | undefined, move: (move: Move) => void) {
  const ref = useRef<HTMLDivElement>(null);
  const here = board !== undefined;
  useEffect(() => {
    if (!ref.current) return;
    return combine(
      autoScrollForElements({ element: ref.current }),
      monitorForElements({
        canMonitor: ({ source }) => "card" in source.data,
        onDrop: ({ source, location }) => {
          const targets = location.current.dropTargets;
          const column = targets.find((target) => "column" in target.data)?.data["column"];
          const card = targets.find((target) => "card" in target.data)?.data;
          if (typeof column !== "string") return;
          const id = String(source.data["card"]);
          const beside = card && String(card["card"]);
          const edge = card && extractClosestEdge(card);
          move({ id, column_id: column, ...(beside && (edge === "top" ? { before_id: beside } : { after_id: beside })) });
        },
      }),
    );
  }, [here, move]);
  return ref;
}

const WAYS = { ArrowUp: "up", ArrowDown: "down", ArrowLeft: "left", ArrowRight: "right" } as const;
type Way = (typeof WAYS)[keyof typeof WAYS];

/** Arrows and J K walk over the cards, with Alt they take the card along; X selects, M opens its menu. */
function useBoardKeys(board: Board | undefined, move: ((move: Move) => void) | null) {
  const walk = (way: Way) => () => goOn(way);
  useKeys({
    j: walk("down"), k: walk("up"),
    ArrowDown: walk("down"), ArrowUp: walk("up"), ArrowLeft: walk("left"), ArrowRight: walk("right"),
    x: () => {
      const id = focusedCard()?.dataset["card"];
      if (id) toggle(id);
    },
    m: () => focusedCard()?.querySelector<HTMLElement>("[data-more]")?.click(),
    Escape: clear,
  });
  useEffect(() => {
    function press(event: KeyboardEvent) {
      const way = WAYS[event.key as keyof typeof WAYS] as Way | undefined;
      const id = focusedCard()?.dataset["card"];
      if (!event.altKey || !way || !id || !board || !move) return;
      event.preventDefault();
      const to = step(board, id, way);
      if (!to) return;
      keepFocus(id);
      move(to);
    }
    document.addEventListener("keydown", press);
    return () => document.removeEventListener("keydown", press);
  }, [board, move]);
}

const focusedCard = (): HTMLElement | null => document.activeElement?.closest<HTMLElement>("[data-board] [data-card]") ?? null;

/** Moves the focus to the card beside the focused one, or to the first. */
function goOn(way: Way): void {
  const columns = [...document.querySelectorAll("[data-board] [data-column]")].map((column) => [...column.querySelectorAll<HTMLElement>("[data-card]")]);
  const from = focusedCard();
  const at = columns.findIndex((cards) => from !== null && cards.includes(from));
  const height = from ? (columns[at]?.indexOf(from) ?? -1) : -1;
  const target = from ? beside(columns, at, height, way) : columns.find((cards) => cards.length)?.[0];
  target?.querySelector("a")?.focus();
  target?.scrollIntoView({ block: "nearest", inline: "nearest" });
}

function beside(columns: HTMLElement[][], at: number, height: number, way: Way): HTMLElement | undefined {
  if (way === "up") return columns[at]?.[height - 1];
  if (way === "down") return columns[at]?.[height + 1];
  const toward = way === "left" ? -1 : 1;
  for (let next = at + toward; next >= 0 && next < columns.length; next += toward) {
    const cards = columns[next];
    if (cards?.length) return cards[Math.min(height, cards.length - 1)];
  }
  return undefined;
}
