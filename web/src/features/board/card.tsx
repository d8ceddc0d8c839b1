import { attachClosestEdge } from "@atlaskit/pragmatic-drag-and-drop-hitbox/closest-edge/attach-closest-edge";
import { extractClosestEdge } from "@atlaskit/pragmatic-drag-and-drop-hitbox/closest-edge/extract-closest-edge";
import type { Edge } from "@atlaskit/pragmatic-drag-and-drop-hitbox/types";
import { combine } from "@atlaskit/pragmatic-drag-and-drop/combine";
import { draggable, dropTargetForElements } from "@atlaskit/pragmatic-drag-and-drop/element/adapter";
import { Link } from "@tanstack/react-router";
import clsx from "clsx";
import { AlertTriangle, CheckSquare, MoreHorizontal } from "lucide-react";
import { memo, useEffect, useRef, useState } from "react";

import { useInHand } from "~/features/live/presence";
import { usePeople } from "~/features/session/queries";
import { isClosed, type Task } from "~/features/task/model";
import { nearDay, today } from "~/lib/dates";
import { t } from "~/lib/i18n";
import { Avatar, Avatars, type Person } from "~/ui/avatar";
import { IconButton } from "~/ui/button";
import { PriorityGlyph } from "~/ui/glyphs";

import { CardMenu } from "./card-menu";
import { takeFocus } from "./focus";
import { useMoves } from "./moves";
import { toggle, useSelection } from "./selection";
import { w } from "./words";

export type Label = { id: string; name: string; color?: string | null };

type Props = {
  task: Task;
  /** The lane that this drawing of it is in. */
  lane: string | null;
  boardId: string;
  people: Person[];
  labels: Label[];
  /** Whether the person may move it. */
  movable: boolean;
};

export const Card = memo(function Card({ task, lane, boardId, people, labels, movable }: Props) {
  const ref = useRef<HTMLDivElement>(null);
  const { edge, dragged } = useDrag(ref, task, lane, movable);
  const selected = useSelection((chosen) => chosen.has(task.id));
  const waiting = useMoves(({ underway }) => underway.some((move) => move.id === task.id));
  const refused = useMoves((moves) => moves.refused[task.id]);
  const hand = useInHand((all) => all[task.id]);
  return (
    <div ref={ref} data-card={task.id} data-key={task.key}
      className={clsx(
        "group relative rounded-xl border bg-surface px-3 py-2.5 shadow-card transition-[border-color,opacity]",
        refused ? "border-danger" : selected ? "border-accent ring-1 ring-accent" : "border-line hover:border-line-strong",
        dragged && "opacity-40", waiting && "border-dashed", hand && "ring-2 ring-info",
      )}>
      {edge && <span aria-hidden className={clsx("pointer-events-none absolute inset-x-1 h-0.5 rounded bg-accent", edge === "top" ? "-top-[5px]" : "-bottom-[5px]")} />}
      <div className="flex items-center gap-2 text-xs text-ink-2">
        <PriorityGlyph priority={task.priority} />
        <span className="tabular-nums">{task.key}</span>
        <span className="flex-1" />
        {movable && <MoreButton task={task} boardId={boardId} />}
      </div>
      <Link ref={(link) => takeFocus(task.id, lane, link)} to="." search={(old) => ({ ...old, task: task.key })} draggable={false}
        className={clsx("mt-0.5 block leading-snug text-pretty break-words after:absolute after:inset-0 after:rounded-xl", isClosed(task.status) && "text-ink-2")}
        onClick={(event) => {
          if (!event.shiftKey) return;
          event.preventDefault();
          toggle(task.id);
        }}>
        {task.title}
      </Link>
      <Foot task={task} people={people} labels={labels} />
      {hand && <DraggedBy userId={hand} />}
      {refused && (
        <p className="mt-2 flex items-start gap-1.5 text-xs text-danger"><AlertTriangle size={14} className="mt-0.5 shrink-0" aria-hidden /><span>{t.board.notMoved(refused.why)}</span></p>
      )}
    </div>
  );
});

/** Says who has the card in their hand in another window. */
function DraggedBy({ userId }: { userId: string }) {
  const person = usePeople().find(userId);
  return (
    <p role="status" className="mt-2 flex items-center gap-1.5 text-xs text-info">
      <Avatar person={person} size="size-5" label={false} />{w.drags(person.name)}
    </p>
  );
}

function Foot({ task, people, labels }: { task: Task; people: Person[]; labels: Label[] }) {
  const overdue = task.due_date && !isClosed(task.status) && task.due_date < today();
  const bare = !task.due_date && !people.length && !labels.length && !task.checklist.total && !task.subtasks.total;
  if (bare) return null;
  return (
    <div className="mt-2 flex flex-wrap items-center gap-x-2.5 gap-y-1.5 text-xs text-ink-2">
      {labels.map((label) => (
        <span key={label.id} className="inline-flex items-center gap-1.5 rounded-full border border-line px-1.5 py-px">
          <svg viewBox="0 0 8 8" aria-hidden className="size-2"><circle cx="4" cy="4" r="4" fill={label.color ?? "var(--line-strong)"} /></svg>{label.name}
        </span>
      ))}
      {task.due_date && <time dateTime={task.due_date} className={clsx(overdue && "font-medium text-danger")}>{overdue ? t.task.overdue(nearDay(task.due_date)) : nearDay(task.due_date)}</time>}
      {task.checklist.total > 0 && <span className="inline-flex items-center gap-1"><CheckSquare size={12} aria-hidden /><span className="sr-only">{t.task.checklist}</span>{task.checklist.done}/{task.checklist.total}</span>}
      {task.subtasks.total > 0 && <span>{t.task.subtaskCount(task.subtasks.done, task.subtasks.total)}</span>}
      <span className="ml-auto"><Avatars people={people} /></span>
    </div>
  );
}

/** Its menu is made when it is first wanted: a board has many cards. */
function MoreButton({ task, boardId }: { task: Task; boardId: string }) {
  const [wanted, setWanted] = useState(false);
  const button = (
    <IconButton label={t.board.moreOf(task.key)} data-more onClick={() => setWanted(true)}
      className="relative z-10 -my-1 -mr-1.5 size-7 opacity-0 group-hover:opacity-100 group-focus-within:opacity-100 focus-visible:opacity-100 data-[state=open]:opacity-100 pointer-coarse:opacity-100">
      <MoreHorizontal size={16} />
    </IconButton>
  );
  return wanted ? <CardMenu task={task} boardId={boardId} trigger={button} /> : button;
}

function useDrag(ref: React.RefObject<HTMLDivElement | null>, task: Task, lane: string | null, movable: boolean) {
  const [edge, setEdge] = useState<Edge | null>(null);
  const [dragged, setDragged] = useState(false);
  const { id } = task;
  useEffect(() => {
    const element = ref.current;
    if (!element || !movable) return;
    return combine(
      draggable({
        element,
        getInitialData: () => ({ card: id, lane }),
        onDragStart: () => setDragged(true),
        onDrop: () => setDragged(false),
      }),
      dropTargetForElements({
        element,
        canDrop: ({ source }) => "card" in source.data && source.data["card"] !== id,
        getData: ({ input }) => attachClosestEdge({ card: id, lane }, { element, input, allowedEdges: ["top", "bottom"] }),
        // A mouse that rests sends no further event, so the line is drawn on entering too.
        onDragEnter: ({ self }) => setEdge(extractClosestEdge(self.data)),
        onDrag: ({ self }) => setEdge(extractClosestEdge(self.data)),
        onDragLeave: () => setEdge(null),
        onDrop: () => setEdge(null),
      }),
    );
  }, [ref, id, lane, movable]);
  return { edge, dragged };
}
