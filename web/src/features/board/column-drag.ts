// Columns change their order by dragging their heads.
import { attachClosestEdge } from "@atlaskit/pragmatic-drag-and-drop-hitbox/closest-edge/attach-closest-edge";
import { extractClosestEdge } from "@atlaskit/pragmatic-drag-and-drop-hitbox/closest-edge/extract-closest-edge";
import type { Edge } from "@atlaskit/pragmatic-drag-and-drop-hitbox/types";
import { combine } from "@atlaskit/pragmatic-drag-and-drop/combine";
import { draggable, dropTargetForElements, monitorForElements } from "@atlaskit/pragmatic-drag-and-drop/element/adapter";
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState, type RefObject } from "react";

import { moveColumn } from "./columns";

export function useColumnDrag(ref: RefObject<HTMLElement | null>, id: string, manageable: boolean) {
  const [edge, setEdge] = useState<Edge | null>(null);
  const [dragged, setDragged] = useState(false);
  useEffect(() => {
    const element = ref.current;
    if (!element || !manageable) return;
    return combine(
      draggable({
        element,
        getInitialData: () => ({ columnHead: id }),
        onDragStart: () => setDragged(true),
        onDrop: () => setDragged(false),
      }),
      dropTargetForElements({
        element,
        canDrop: ({ source }) => "columnHead" in source.data && source.data["columnHead"] !== id,
        getData: ({ input }) => attachClosestEdge({ columnHead: id }, { element, input, allowedEdges: ["left", "right"] }),
        onDragEnter: ({ self }) => setEdge(extractClosestEdge(self.data)),
        onDrag: ({ self }) => setEdge(extractClosestEdge(self.data)),
        onDragLeave: () => setEdge(null),
        onDrop: () => setEdge(null),
      }),
    );
  }, [ref, id, manageable]);
  return { edge, dragged };
}

/** Listens to drags of heads. */
export function useColumnDrops(boardId: string, manageable: boolean): void {
  const cache = useQueryClient();
  useEffect(() => {
    if (!manageable) return;
    return monitorForElements({
      canMonitor: ({ source }) => "columnHead" in source.data,
      onDrop: ({ source, location }) => {
        const head = location.current.dropTargets[0]?.data;
        const beside = head?.["columnHead"];
        if (!head || typeof beside !== "string") return;
        const place = extractClosestEdge(head) === "left" ? { before_id: beside } : { after_id: beside };
        void moveColumn(cache, { id: String(source.data["columnHead"]), board_id: boardId }, place);
      },
    });
  }, [cache, boardId, manageable]);
}
