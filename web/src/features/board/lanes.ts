// Lanes: the same board once more by person, priority, label or parent. A card of two people is in the lanes of both.
import { PRIORITIES, type Change, type Task } from "~/features/task/model";

import { cardsOf, type Column } from "./arrangement";
import type { Row } from "./grid";

export const LANES = ["assignee", "priority", "label", "parent"] as const;
export type LanesBy = (typeof LANES)[number];

/** The lane of what has no value. */
export const NONE = "none";

export type Lane = Row & { lane: string; total: number };

const VALUES: Record<LanesBy, (task: Task) => readonly string[]> = {
  assignee: (task) => task.assignee_ids,
  priority: (task) => [task.priority],
  label: (task) => task.label_ids,
  parent: (task) => (task.parent_id ? [task.parent_id] : []),
};

/** The lanes of a board in the order of `known` values, then of the others, and last of what has none. */
export function lanesOf(columns: readonly Column[], by: LanesBy, known: readonly string[]): Lane[] {
  const found = new Map<string, Map<string, Task[]>>();
  const cell = (lane: string, column: string) => {
    const cells = found.get(lane) ?? new Map<string, Task[]>();
    found.set(lane, cells);
    const cards = cells.get(column) ?? [];
    cells.set(column, cards);
    return cards;
  };
  for (const column of columns) {
    for (const task of cardsOf(column)) {
      const values = VALUES[by](task);
      for (const value of values.length ? values : [NONE]) cell(value, column.id).push(task);
    }
  }
  // Where a priority has no card, one may still be dragged there; a lane for each person of a large organization would help nobody.
  const first = by === "priority" ? [...PRIORITIES] : known.filter((value) => found.has(value));
  const others = [...found.keys()].filter((value) => value !== NONE && !first.includes(value));
  const last = by === "priority" ? [] : [NONE];
  return [...first, ...others, ...last].map((lane) => {
    const cells = columns.map((column) => ({ column_id: column.id, cards: found.get(lane)?.get(column.id) ?? [] }));
    return { lane, cells, total: new Set(cells.flatMap(({ cards }) => cards.map((card) => card.id))).size };
  });
}

/** What of a task changes when it goes from one lane to another; null where nothing does. */
export type LaneChange = Pick<Change, "priority" | "label_ids" | "parent_id"> & { assignee_ids?: string[] };

export function changeTo(by: LanesBy, task: Task, from: string, to: string): LaneChange | null {
  if (from === to) return null;
  if (by === "assignee") return { assignee_ids: exchanged(task.assignee_ids, from, to) };
  if (by === "label") return { label_ids: exchanged(task.label_ids, from, to) };
  if (by === "parent") return { parent_id: to === NONE ? null : to };
  const priority = PRIORITIES.find((known) => known === to);
  return priority ? { priority } : null;
}

/** The lane of nobody means nobody at all. */
function exchanged(values: readonly string[], from: string, to: string): string[] {
  if (to === NONE) return [];
  return [...new Set([...values.filter((value) => value !== from), to])];
}
