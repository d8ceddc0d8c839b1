// The cards of a column, or of a column's part in a lane.
import { dropTargetForElements } from "@atlaskit/pragmatic-drag-and-drop/element/adapter";
import { autoScrollForElements } from "@atlaskit/pragmatic-drag-and-drop-auto-scroll/element";
import { combine } from "@atlaskit/pragmatic-drag-and-drop/combine";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useState, type ReactNode, type RefObject } from "react";

import type { Task } from "~/features/task/model";

import { isWanted } from "./focus";

/** Beyond so many cards only those near the screen are drawn. */
const DRAWN_WHOLE = 15;

const CARD_PX = 92;
const GAP_PX = 8;

export type Draw = (task: Task, lane: string | null) => ReactNode;

type Props = { cards: readonly Task[]; lane: string | null; scroller: RefObject<HTMLElement | null>; draw: Draw };

export function Cards(props: Props) {
  const { cards, lane, draw } = props;
  if (cards.length > DRAWN_WHOLE) return <LongList {...props} />;
  return <ul className="grid gap-2 pt-1">{cards.map((task) => <li key={task.id}>{draw(task, lane)}</li>)}</ul>;
}

function LongList({ cards, lane, scroller, draw }: Props) {
  // The library's answers change without its object changing; nothing here is kept between drawings.
  // eslint-disable-next-line react-hooks/incompatible-library
  const list = useVirtualizer({
    count: cards.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => CARD_PX,
    gap: GAP_PX,
    overscan: 4,
    getItemKey: (index) => cards[index]?.id ?? index,
  });
  useEffect(() => {
    // A card that was moved here with the focus may stand where nothing is drawn yet.
    const index = cards.findIndex((card) => isWanted(card.id, lane));
    if (index >= 0) list.scrollToIndex(index);
  }, [cards, lane, list]);
  return (
    <ul className="relative mt-1" style={{ height: list.getTotalSize() }}>
      {list.getVirtualItems().map((item) => {
        const task = cards[item.index];
        return task && (
          <li key={item.key} ref={list.measureElement} data-index={item.index} className="absolute inset-x-0 top-0" style={{ transform: `translateY(${item.start}px)` }}>
            {draw(task, lane)}
          </li>
        );
      })}
    </ul>
  );
}

/** Cards may be dropped on the box; whether one is over it. */
export function useCardTarget(box: RefObject<HTMLElement | null>, scroller: RefObject<HTMLElement | null>, place: { column: string; lane: string | null }, editable: boolean): boolean {
  const [over, setOver] = useState(false);
  const { column, lane } = place;
  useEffect(() => {
    if (!box.current || !scroller.current || !editable) return;
    return combine(
      dropTargetForElements({
        element: box.current,
        canDrop: ({ source }) => "card" in source.data,
        getData: () => ({ column, lane }),
        onDragEnter: () => setOver(true),
        onDragLeave: () => setOver(false),
        onDrop: () => setOver(false),
      }),
      autoScrollForElements({ element: scroller.current }),
    );
  }, [box, scroller, column, lane, editable]);
  return over;
}
