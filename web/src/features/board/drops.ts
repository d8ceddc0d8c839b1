// What a drop means: beside the card under it, else the end of the column under it; in another lane also that lane's value.
import { extractClosestEdge } from "@atlaskit/pragmatic-drag-and-drop-hitbox/closest-edge/extract-closest-edge";
import { autoScrollForElements } from "@atlaskit/pragmatic-drag-and-drop-auto-scroll/element";
import { monitorForElements } from "@atlaskit/pragmatic-drag-and-drop/element/adapter";
import { useEffect, useRef, type RefObject } from "react";

import type { Step } from "./grid";

export type Take = (id: string, from: string | null, to: Step) => void;

/** Listens to drags of cards. */
export function useDrops(take: Take, drag: (taskId: string | null) => void): void {
  useEffect(() => monitorForElements({
    canMonitor: ({ source }) => "card" in source.data,
    onDragStart: ({ source }) => drag(String(source.data["card"])),
    onDrop: ({ source, location }) => {
      drag(null);
      const targets = location.current.dropTargets;
      const column = targets.find((target) => "column" in target.data)?.data;
      const card = targets.find((target) => "card" in target.data)?.data;
      if (typeof column?.["column"] !== "string") return;
      const id = String(source.data["card"]);
      const beside = card && String(card["card"]);
      const edge = card && extractClosestEdge(card);
      const place = beside && (edge === "top" ? { before_id: beside } : { after_id: beside });
      take(id, textOrNull(source.data["lane"]), { lane: textOrNull(column["lane"]), move: { id, column_id: column["column"], ...place } });
    },
  }), [take, drag]);
}

/** The box of a board; it scrolls by itself when something is dragged to its edge. */
export function useBoardBox(): RefObject<HTMLDivElement | null> {
  const ref = useRef<HTMLDivElement>(null);
  useEffect(() => (ref.current ? autoScrollForElements({ element: ref.current }) : undefined), []);
  return ref;
}

const textOrNull = (value: unknown): string | null => (typeof value === "string" ? value : null);
