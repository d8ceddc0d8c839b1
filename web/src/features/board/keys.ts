// Arrows and J K walk over the cards, with Alt they take the card along; Space looks into it, X selects it, M and others
// open its menus.
import { useEffect } from "react";

import { useKeys } from "~/features/shell/keys";

import type { Take } from "./drops";
import { focusCard, focusedCard, keepFocus, laneOf } from "./focus";
import { cardAt, find, first, step, walk, type Grid, type Way } from "./grid";
import { peekAt, usePeek } from "./peek-state";
import { clear, toggle, useSelection } from "./selection";

const WAYS = { ArrowUp: "up", ArrowDown: "down", ArrowLeft: "left", ArrowRight: "right" } as const;

/** Menus of a card that have a key of their own. */
export const CHOICES = { a: "assignee", p: "priority", s: "status", d: "due", l: "label" } as const;
export type Choice = (typeof CHOICES)[keyof typeof CHOICES];

type Does = { take: Take | null; choose: (what: Choice, card: HTMLElement) => void };

export function useBoardKeys(grid: Grid, { take, choose }: Does) {
  const walking = (way: Way) => () => goOn(grid, way);
  const choosing = (what: Choice) => () => {
    const card = focusedCard();
    // What is selected has menus of its own.
    if (card && take && useSelection.getState().size === 0) choose(what, card);
  };
  useKeys({
    j: walking("down"), k: walking("up"),
    ArrowDown: walking("down"), ArrowUp: walking("up"), ArrowLeft: walking("left"), ArrowRight: walking("right"),
    ...Object.fromEntries(Object.entries(CHOICES).map(([key, what]) => [key, choosing(what)])),
    x: () => {
      const id = focusedCard()?.dataset["card"];
      if (id && take) toggle(id);
    },
    m: () => focusedCard()?.querySelector<HTMLElement>("[data-more]")?.click(),
    Escape: () => (usePeek.getState().key ? peekAt(null) : clear()),
  });
  useEffect(() => {
    function press(event: KeyboardEvent) {
      const card = focusedCard();
      if (!card || event.defaultPrevented) return;
      if (event.key === " " && event.target instanceof HTMLAnchorElement) {
        event.preventDefault();
        return peekAt(usePeek.getState().key ? null : (card.dataset["key"] ?? null));
      }
      const way = WAYS[event.key as keyof typeof WAYS] as Way | undefined;
      const id = card.dataset["card"];
      if (!event.altKey || !way || !id || !take) return;
      event.preventDefault();
      const lane = laneOf(card);
      const spot = find(grid, id, lane);
      const to = spot && step(grid, spot, way);
      if (!to) return;
      keepFocus(id, to.lane);
      take(id, lane, to);
    }
    document.addEventListener("keydown", press);
    return () => document.removeEventListener("keydown", press);
  }, [grid, take]);
}

/** Moves the focus to the card beside the focused one, or to the first. */
function goOn(grid: Grid, way: Way): void {
  const card = focusedCard();
  const from = card && find(grid, card.dataset["card"] ?? "", laneOf(card));
  const to = from ? walk(grid, from, way) : first(grid);
  const target = to && cardAt(grid, to);
  const row = to && grid[to.row];
  const cell = to && row?.cells[to.cell];
  if (!target || !row || !cell) return;
  focusCard(target.id, row.lane, cell.column_id);
  if (usePeek.getState().key) peekAt(focusedCard()?.dataset["key"] ?? null);
}
