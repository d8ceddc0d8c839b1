// A board as one sees it: lanes from top to bottom, and in each the cards of every column. Without lanes it is one lane.
// Keys walk over it, and take cards along.
import type { Task } from "~/features/task/model";

import { cardsOf, type Column, type Move } from "./arrangement";

export type Cell = { column_id: string; cards: readonly Task[] };
/** `lane` is null where there are none. */
export type Row = { lane: string | null; cells: readonly Cell[] };
export type Grid = readonly Row[];
export type Spot = { row: number; cell: number; height: number };
export type Way = "up" | "down" | "left" | "right";

export const oneLane = (columns: readonly Column[]): Grid => [{ lane: null, cells: columns.map((column) => ({ column_id: column.id, cards: cardsOf(column) })) }];

const cellAt = (grid: Grid, row: number, cell: number): Cell | undefined => grid[row]?.cells[cell];
export const cardAt = (grid: Grid, spot: Spot): Task | undefined => cellAt(grid, spot.row, spot.cell)?.cards[spot.height];

/** Where a card is; it may be in several lanes. */
export function find(grid: Grid, id: string, lane: string | null): Spot | null {
  for (const [row, { lane: other, cells }] of grid.entries()) {
    if (other !== lane) continue;
    for (const [cell, { cards }] of cells.entries()) {
      const height = cards.findIndex((card) => card.id === id);
      if (height >= 0) return { row, cell, height };
    }
  }
  return null;
}

/** The first card, where no card has the focus yet. */
export function first(grid: Grid): Spot | null {
  for (const [row, { cells }] of grid.entries()) {
    const cell = cells.findIndex(({ cards }) => cards.length > 0);
    if (cell >= 0) return { row, cell, height: 0 };
  }
  return null;
}

/** The card beside another: along its column and on into the next lane, or at its height in the next column that has cards. */
export function walk(grid: Grid, from: Spot, way: Way): Spot | null {
  if (way === "up" || way === "down") {
    const by = way === "up" ? -1 : 1;
    if (cardAt(grid, { ...from, height: from.height + by })) return { ...from, height: from.height + by };
    for (let row = from.row + by; grid[row]; row += by) {
      const count = cellAt(grid, row, from.cell)?.cards.length ?? 0;
      if (count > 0) return { row, cell: from.cell, height: way === "up" ? count - 1 : 0 };
    }
    return null;
  }
  const by = way === "left" ? -1 : 1;
  for (let cell = from.cell + by; cellAt(grid, from.row, cell); cell += by) {
    const count = cellAt(grid, from.row, cell)?.cards.length ?? 0;
    if (count > 0) return { row: from.row, cell, height: Math.min(from.height, count - 1) };
  }
  return null;
}

/** A move, and the lane that it ends in. */
export type Step = { move: Move; lane: string | null };

/** Where a key takes a card: a place up or down and on into the next lane, or to the same height of the column beside it. */
export function step(grid: Grid, from: Spot, way: Way): Step | null {
  const card = cardAt(grid, from);
  const here = cellAt(grid, from.row, from.cell);
  const lane = grid[from.row]?.lane ?? null;
  if (!card || !here) return null;
  const { id } = card;
  if (way === "left" || way === "right") {
    const beside = cellAt(grid, from.row, from.cell + (way === "left" ? -1 : 1));
    const next = beside?.cards[from.height];
    return beside ? { lane, move: { id, column_id: beside.column_id, ...(next && { before_id: next.id }) } } : null;
  }
  const by = way === "up" ? -1 : 1;
  const other = here.cards[from.height + by];
  if (other) return { lane, move: { id, column_id: here.column_id, ...(way === "up" ? { before_id: other.id } : { after_id: other.id }) } };
  const row = grid[from.row + by];
  const there = row?.cells[from.cell];
  if (!row || !there) return null;
  const neighbour = way === "up" ? there.cards.at(-1) : there.cards[0];
  const place = neighbour && neighbour.id !== id && (way === "up" ? { after_id: neighbour.id } : { before_id: neighbour.id });
  return { lane: row.lane, move: { id, column_id: there.column_id, ...place } };
}
