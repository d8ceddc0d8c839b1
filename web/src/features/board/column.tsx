import { dropTargetForElements } from "@atlaskit/pragmatic-drag-and-drop/element/adapter";
import { autoScrollForElements } from "@atlaskit/pragmatic-drag-and-drop-auto-scroll/element";
import { combine } from "@atlaskit/pragmatic-drag-and-drop/combine";
import { useQueryClient } from "@tanstack/react-query";
import { useVirtualizer } from "@tanstack/react-virtual";
import clsx from "clsx";
import { Plus } from "lucide-react";
import { useEffect, useRef, useState, type ReactNode, type RefObject } from "react";

import { addTask } from "~/features/task/cache";
import type { Task } from "~/features/task/model";
import { api, ask } from "~/lib/api/client";
import { t } from "~/lib/i18n";
import { IconButton } from "~/ui/button";
import { inputClass } from "~/ui/field";
import { StatusGlyph } from "~/ui/glyphs";
import { toast } from "~/ui/toasts";

import { longer, overLimit, type Board, type Column } from "./arrangement";

/** Beyond so many cards only those near the screen are drawn. */
const DRAWN_WHOLE = 50;

const CARD_PX = 92;
const GAP_PX = 8;

type Props = {
  column: Column;
  /** Those of its cards that the filter lets through. */
  cards: Task[];
  boardId: string;
  filtered: boolean;
  editable: boolean;
  draw: (task: Task) => ReactNode;
};

export function ColumnView({ column, cards, boardId, filtered, editable, draw }: Props) {
  const box = useRef<HTMLElement>(null);
  const scroller = useRef<HTMLDivElement>(null);
  const [adding, setAdding] = useState(false);
  const over = useDropTarget(box, scroller, column.id, editable);
  const more = useMore(column, boardId, filtered);
  const tooMany = overLimit(column);
  return (
    <section ref={box} aria-label={column.name} data-column={column.id}
      className={clsx("flex max-h-full w-[min(17.5rem,86vw)] shrink-0 snap-center flex-col rounded-2xl bg-sunken transition-shadow", over && "ring-2 ring-accent")}>
      <header className="flex items-center gap-2 px-3 pt-2.5 pb-1.5">
        <StatusGlyph status={column.category} />
        <h2 className="truncate font-semibold">{column.name}</h2>
        <span className={clsx("rounded-full px-1.5 text-xs tabular-nums", tooMany ? "bg-warn-tint font-semibold text-warn" : "text-ink-2")}
          title={column.wip_limit ? t.board.limit(column.wip_limit) : undefined}>
          {filtered ? `${cards.length} / ` : ""}{column.total}{column.wip_limit ? ` / ${column.wip_limit}` : ""}
        </span>
        {tooMany && <span className="sr-only">{t.board.overLimit}</span>}
        <span className="flex-1" />
        {editable && <IconButton label={t.board.addTo(column.name)} className="size-7" onClick={() => setAdding(true)}><Plus size={16} /></IconButton>}
      </header>
      <div ref={scroller} className="min-h-16 overflow-y-auto px-2 pb-2" onScroll={(event) => nearEnd(event.currentTarget) && more()}>
        {cards.length > DRAWN_WHOLE
          ? <LongList cards={cards} scroller={scroller} draw={draw} />
          : <ul className="grid gap-2 pt-1">{cards.map((task) => <li key={task.id}>{draw(task)}</li>)}</ul>}
        {cards.length === 0 && !adding && <p className="px-2 py-5 text-center text-sm text-ink-2">{filtered ? t.board.noneMatch : t.board.empty}</p>}
      </div>
      {adding && <QuickAdd columnId={column.id} onClose={() => setAdding(false)} />}
    </section>
  );
}

const nearEnd = (box: HTMLElement): boolean => box.scrollHeight - box.scrollTop - box.clientHeight < 600;

function LongList({ cards, scroller, draw }: { cards: Task[]; scroller: RefObject<HTMLDivElement | null>; draw: (task: Task) => ReactNode }) {
  // The library's answers change without its object changing; nothing here is kept between drawings.
  // eslint-disable-next-line react-hooks/incompatible-library
  const list = useVirtualizer({
    count: cards.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => CARD_PX,
    gap: GAP_PX,
    overscan: 6,
    getItemKey: (index) => cards[index]?.id ?? index,
  });
  return (
    <ul className="relative mt-1" style={{ height: list.getTotalSize() }}>
      {list.getVirtualItems().map((item) => {
        const task = cards[item.index];
        return task && (
          <li key={item.key} ref={list.measureElement} data-index={item.index} className="absolute inset-x-0 top-0" style={{ transform: `translateY(${item.start}px)` }}>
            {draw(task)}
          </li>
        );
      })}
    </ul>
  );
}

/** Reads the next page of a column; with a filter, all of them, since what matches may lie far below. */
function useMore(column: Column, boardId: string, filtered: boolean): () => void {
  const cache = useQueryClient();
  const reading = useRef(false);
  const cursor = column.cards?.next_cursor;
  const { id } = column;
  async function more() {
    if (!cursor || reading.current) return;
    reading.current = true;
    try {
      const page = await ask(api.GET("/api/v1/columns/{id}/cards", { params: { path: { id }, query: { cursor, limit: 200 } } }));
      cache.setQueryData<Board>(["board", boardId], (board) => board && longer(board, id, page));
    } catch (error) {
      toast.failed(error);
    } finally {
      reading.current = false;
    }
  }
  useEffect(() => {
    if (filtered) void more();
  });
  return () => void more();
}

function useDropTarget(box: RefObject<HTMLElement | null>, scroller: RefObject<HTMLDivElement | null>, id: string, editable: boolean): boolean {
  const [over, setOver] = useState(false);
  useEffect(() => {
    if (!box.current || !scroller.current || !editable) return;
    return combine(
      dropTargetForElements({
        element: box.current,
        canDrop: ({ source }) => "card" in source.data,
        getData: () => ({ column: id }),
        onDragEnter: () => setOver(true),
        onDragLeave: () => setOver(false),
        onDrop: () => setOver(false),
      }),
      autoScrollForElements({ element: scroller.current }),
    );
  }, [box, scroller, id, editable]);
  return over;
}

/** Title after title; Escape or an empty one ends it. */
function QuickAdd({ columnId, onClose }: { columnId: string; onClose: () => void }) {
  const cache = useQueryClient();
  const [title, setTitle] = useState("");
  async function add() {
    const wanted = title.trim();
    if (!wanted) return onClose();
    setTitle("");
    try {
      addTask(cache, await ask(api.POST("/api/v1/columns/{id}/cards", { params: { path: { id: columnId } }, body: { title: wanted } })));
    } catch (error) {
      setTitle(wanted);
      toast.failed(error);
    }
  }
  return (
    <form className="p-2 pt-0" onSubmit={(event) => {
      event.preventDefault();
      void add();
    }}>
      <input aria-label={t.task.title} placeholder={t.board.quickAdd} maxLength={200} value={title} className={inputClass}
        // Asked for by the press that opened it.
        // eslint-disable-next-line jsx-a11y/no-autofocus
        autoFocus
        onChange={(event) => setTitle(event.target.value)}
        onKeyDown={(event) => event.key === "Escape" && onClose()}
        onBlur={() => !title.trim() && onClose()} />
    </form>
  );
}
