// Changes to a board's columns.
import type { QueryClient } from "@tanstack/react-query";

import { api, ask } from "~/lib/api/client";
import { toast } from "~/ui/toasts";

import { reordered, type Board, type Column } from "./arrangement";

export type ColumnPlace = { before_id: string } | { after_id: string };

export const renewBoard = (cache: QueryClient, boardId: string): Promise<void> => cache.invalidateQueries({ queryKey: ["board", boardId] });

/** Puts a column elsewhere along its board: shown at once, and read anew when it is refused. */
export async function moveColumn(cache: QueryClient, column: Pick<Column, "id" | "board_id">, place: ColumnPlace): Promise<void> {
  const { id, board_id: boardId } = column;
  cache.setQueryData<Board>(["board", boardId], (board) => board && reordered(board, id, place));
  try {
    await ask(api.PUT("/api/v1/columns/{id}/position", { params: { path: { id } }, body: place }));
  } catch (error) {
    toast.failed(error);
    await renewBoard(cache, boardId);
  }
}

/** Of one request. */
const PAGE = 200;

/** Moves all tasks of a column to the end of another, in their order, and deletes it; `told` hears how many are moved. */
export async function removeColumn(column: Column, heir: string | null, told: (moved: number) => void): Promise<void> {
  const params = { path: { id: column.id } };
  let moved = 0;
  for (;;) {
    const { items } = await ask(api.GET("/api/v1/columns/{id}/cards", { params: { ...params, query: { limit: PAGE } } }));
    if (items.length === 0 || !heir) break;
    for (const { id } of items) {
      await ask(api.PUT("/api/v1/cards/{id}/move", { params: { path: { id } }, body: { column_id: heir } }));
      told((moved += 1));
    }
  }
  await ask(api.DELETE("/api/v1/columns/{id}", { params }));
}
