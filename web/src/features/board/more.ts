import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";

import { api, ask } from "~/lib/api/client";
import { toast } from "~/ui/toasts";

import { longer, type Board, type Column } from "./arrangement";

/** Reads the next page of a column; with `all`, one after the other, since a filter or a lane may want what lies far below. */
export function useMore(column: Column, all: boolean): () => void {
  const cache = useQueryClient();
  const reading = useRef(false);
  const cursor = column.cards?.next_cursor;
  const { id, board_id: boardId } = column;
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
    if (all) void more();
  });
  return () => void more();
}
