// Boards and tasks for tests.
import type { Task } from "~/features/task/model";

import { cardsOf, type Board } from "./arrangement";

export function task(id: string, column: string, version = 1): Task {
  return {
    id, column_id: column, version, board_id: "b", project_id: "p", key: `P-${id}`, title: id, status: column === "done" ? "done" : "todo", priority: "medium",
    assignee_ids: [], label_ids: [], checklist: { done: 0, total: 0 }, subtasks: { done: 0, total: 0 }, fields: {}, created_at: "2026-01-01T00:00:00Z", updated_at: "2026-01-01T00:00:00Z",
  };
}

export function board(columns: Record<string, string[]>): Board {
  const at = "2026-01-01T00:00:00Z";
  return {
    id: "b", project_id: "p", name: "Board", description: "", version: 1, created_at: at, updated_at: at,
    columns: Object.entries(columns).map(([id, cards]) => ({
      id, board_id: "b", name: id, category: id === "done" ? "done" as const : "todo" as const, done: id === "done", limit_blocks: false, version: 1, created_at: at, updated_at: at,
      total: cards.length, cards: { items: cards.map((card) => task(card, id)) },
    })),
  };
}

export const shape = (board: Board): string => board.columns.map((column) => `${column.id}:${cardsOf(column).map((card) => card.id).join("")}`).join(" ");
