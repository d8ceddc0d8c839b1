// The board once more by lanes. Only lanes near the screen are drawn, and in each only cards near it.
import { useQuery } from "@tanstack/react-query";
import { useVirtualizer } from "@tanstack/react-virtual";
import clsx from "clsx";
import { ChevronDown, ChevronRight } from "lucide-react";
import { useMemo, useRef, useState, type ReactNode } from "react";

import { labelsQuery } from "~/features/project/queries";
import { usePeople } from "~/features/session/queries";
import { t } from "~/lib/i18n";
import { Avatar } from "~/ui/avatar";
import { PriorityGlyph } from "~/ui/glyphs";

import { overLimit, type Column } from "./arrangement";
import { Cards, useCardTarget, type Draw } from "./cards";
import { useCollapsed } from "./collapsed";
import { ColumnHead, QuickAdd } from "./column-head";
import { useBoardBox } from "./drops";
import { useBoardKeys } from "./keys";
import { lanesOf, NONE, type Lane, type LanesBy } from "./lanes";
import { useMore } from "./more";
import { useParentTitle } from "./parent";
import { w } from "./words";

type Props = {
  by: LanesBy;
  boardId: string;
  projectId: string;
  columns: readonly Column[];
  filtered: boolean;
  editable: boolean;
  manageable: boolean;
  draw: Draw;
  does: Parameters<typeof useBoardKeys>[1];
};

/** Before a lane was measured. */
const LANE_PX = 260;

const columnWidth = "w-[min(17.5rem,86vw)] shrink-0";

export function LanesView({ by, boardId, projectId, columns, filtered, editable, manageable, draw, does }: Props) {
  const box = useBoardBox();
  const { all } = usePeople();
  const { data: labels } = useQuery(labelsQuery(projectId));
  const { collapsed, turn } = useCollapsed(boardId, by);
  const known = useMemo(() => (by === "assignee" ? all : by === "label" ? (labels ?? []) : []).map((thing) => thing.id), [by, all, labels]);
  const lanes = useMemo(() => lanesOf(columns, by, known), [columns, by, known]);
  useBoardKeys(useMemo(() => lanes.filter(({ lane }) => !collapsed.has(lane)), [lanes, collapsed]), does);
  // The library's answers change without its object changing; nothing here is kept between drawings.
  // eslint-disable-next-line react-hooks/incompatible-library
  const list = useVirtualizer({
    count: lanes.length,
    getScrollElement: () => box.current,
    estimateSize: () => LANE_PX,
    overscan: 2,
    getItemKey: (index) => lanes[index]?.lane ?? index,
  });
  const over = new Set(columns.filter(overLimit).map((column) => column.id));
  return (
    <div ref={box} data-board={boardId} className="min-h-0 flex-1 overflow-auto px-4 pb-4 md:px-6">
      <div className="w-max min-w-full">
        <div className="sticky top-0 z-20 flex gap-3 bg-canvas pb-2">
          {columns.map((column) => <LanesHead key={column.id} column={column} filtered={filtered} editable={editable} manageable={manageable} />)}
        </div>
        <div className="relative" style={{ height: list.getTotalSize() }}>
          {list.getVirtualItems().map((item) => {
            const lane = lanes[item.index];
            return lane && (
              <div key={item.key} ref={list.measureElement} data-index={item.index} className="absolute inset-x-0 top-0 pb-3" style={{ transform: `translateY(${item.start}px)` }}>
                <LaneView by={by} lane={lane} columns={columns} projectId={projectId} open={!collapsed.has(lane.lane)} onTurn={() => turn(lane.lane)} over={over} editable={editable} draw={draw} />
              </div>
            );
          })}
        </div>
      </div>
    </div>
  );
}

/** A column's head above all lanes. Lanes want every card, so all pages are read. */
function LanesHead({ column, ...rest }: { column: Column; filtered: boolean; editable: boolean; manageable: boolean }) {
  const [adding, setAdding] = useState(false);
  useMore(column, true);
  return (
    <div className={clsx(columnWidth, "rounded-xl bg-sunken")}>
      <ColumnHead column={column} {...rest} onAdd={() => setAdding(true)} />
      {adding && <QuickAdd columnId={column.id} onClose={() => setAdding(false)} />}
    </div>
  );
}

type LaneProps = { by: LanesBy; lane: Lane; columns: readonly Column[]; projectId: string; open: boolean; onTurn: () => void; over: ReadonlySet<string>; editable: boolean; draw: Draw };

function LaneView({ by, lane, columns, projectId, open, onTurn, over, editable, draw }: LaneProps) {
  const { name, sign } = useLaneName(by, lane.lane, projectId);
  const Turn = open ? ChevronDown : ChevronRight;
  return (
    <section aria-label={name} data-lane={lane.lane}>
      <h2 className="sticky left-0 w-fit">
        <button type="button" aria-expanded={open} onClick={onTurn} className="flex min-h-8 items-center gap-2 rounded-lg pr-2 font-semibold hover:bg-sunken">
          <Turn size={16} aria-hidden />{sign}<span className="max-w-[60vw] truncate">{name}</span><span className="text-xs font-normal text-ink-2 tabular-nums">{w.tasks(lane.total)}</span>
        </button>
      </h2>
      {open && (
        <div className="flex gap-3">
          {columns.map((column, index) => (
            <CellView key={column.id} column={column} lane={lane.lane} label={`${column.name}, ${name}`} cards={lane.cells[index]?.cards ?? []} over={over.has(column.id)} editable={editable} draw={draw} />
          ))}
        </div>
      )}
    </section>
  );
}

type CellProps = { column: Column; lane: string; label: string; cards: Lane["cells"][number]["cards"]; over: boolean; editable: boolean; draw: Draw };

function CellView({ column, lane, label, cards, over, editable, draw }: CellProps) {
  const box = useRef<HTMLDivElement>(null);
  const under = useCardTarget(box, box, { column: column.id, lane }, editable);
  return (
    <div ref={box} role="group" aria-label={label} data-column={column.id}
      className={clsx(columnWidth, "max-h-[60dvh] min-h-16 overflow-y-auto rounded-xl bg-sunken px-2 pb-2 transition-shadow", under ? "ring-2 ring-accent" : over && cards.length > 0 && "ring-1 ring-warn")}>
      <Cards cards={cards} lane={lane} scroller={box} draw={draw} />
    </div>
  );
}

function useLaneName(by: LanesBy, lane: string, projectId: string): { name: string; sign: ReactNode } {
  const { find } = usePeople();
  const { data: labels = [] } = useQuery(labelsQuery(projectId));
  const parent = useParentTitle(by === "parent" && lane !== NONE ? lane : null);
  if (lane === NONE) return { name: w.without[by], sign: null };
  if (by === "assignee") return { name: find(lane).name, sign: <Avatar person={find(lane)} size="size-6" label={false} /> };
  if (by === "label") {
    const label = labels.find((label) => label.id === lane);
    return { name: label?.name ?? "?", sign: <svg viewBox="0 0 8 8" aria-hidden className="size-2.5"><circle cx="4" cy="4" r="4" fill={label?.color ?? "var(--line-strong)"} /></svg> };
  }
  if (by === "parent") return { name: parent ?? w.unknownParent, sign: null };
  const priority = lane as keyof typeof t.priority;
  return { name: t.priority[priority], sign: <span aria-hidden className="inline-flex"><PriorityGlyph priority={priority} /></span> };
}
