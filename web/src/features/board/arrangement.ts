// Where cards stand. The server's word is the board in the cache; moves that it has not answered yet are laid over it
// when the board is drawn. A refused move is simply no longer laid over, so it takes nothing else back with it.
import { newer, type Task } from "~/features/task/model";
import type { Schemas } from "~/lib/api/client";

export type Board = Schemas["BoardView"];
export type Column = Schemas["ColumnWithCards"];

/** A card's way to a place: right before or after another card of the column, or at its end. */
export type Move = {
  id: string;
  column_id: string;
  before_id?: string;
  after_id?: string;
};

export const cardsOf = (column: Column): Task[] => column.cards?.items ?? [];

export function findCard(board: Board, id: string): Task | undefined {
  for (const column of board.columns) {
    const card = cardsOf(column).find((card) => card.id === id);
    if (card) return card;
  }
  return undefined;
}

function withCards(column: Column, items: Task[], more: number): Column {
  return { ...column, total: column.total + more, cards: { ...column.cards, items } };
}

/** Where among `cards` the move puts its own. A neighbour that is not there any more counts as none. */
function place(cards: readonly Task[], move: Move): number {
  const before = cards.findIndex((card) => card.id === move.before_id);
  if (before >= 0) return before;
  const after = cards.findIndex((card) => card.id === move.after_id);
  return after >= 0 ? after + 1 : cards.length;
}

/** The board after a move. What is not on the board stays as it is. */
export function moved(board: Board, move: Move): Board {
  const card = findCard(board, move.id);
  const target = board.columns.find((column) => column.id === move.column_id);
  if (!card || !target) return board;
  const columns = board.columns.map((column) => {
    const items = cardsOf(column).filter((other) => other.id !== move.id);
    const left = items.length < cardsOf(column).length ? -1 : 0;
    if (column.id !== move.column_id) return left ? withCards(column, items, left) : column;
    items.splice(place(items, move), 0, { ...card, column_id: column.id, status: column.category });
    return withCards(column, items, left + 1);
  });
  return { ...board, columns };
}

/** The board as a person sees it who made these moves. */
export const arranged = (board: Board, moves: readonly Move[]): Board => moves.reduce(moved, board);

/** The board with what is told of one of its cards; a card told to be in another column goes to that one's end. */
export function told(board: Board, task: Task): Board {
  const known = findCard(board, task.id);
  if (!known || task.version < known.version) return board;
  if (task.board_id !== board.id) return without(board, task.id);
  const placed = task.column_id === known.column_id ? board : moved(board, { id: task.id, column_id: task.column_id });
  const columns = placed.columns.map((column) => {
    if (column.id !== task.column_id) return column;
    return withCards(column, cardsOf(column).map((card) => (card.id === task.id ? newer(card, task) : card)), 0);
  });
  return { ...placed, columns };
}

/** The board without a card. */
export function without(board: Board, id: string): Board {
  const columns = board.columns.map((column) => {
    const items = cardsOf(column).filter((card) => card.id !== id);
    return items.length === cardsOf(column).length ? column : withCards(column, items, -1);
  });
  return { ...board, columns };
}

/** The board with a new card at the end of its column, unless it is there already. */
export function added(board: Board, task: Task): Board {
  if (findCard(board, task.id) || task.board_id !== board.id) return board;
  const columns = board.columns.map((column) => {
    // Beyond what is loaded it would stand in the wrong place.
    if (column.id !== task.column_id) return column;
    if (column.cards?.next_cursor) return { ...column, total: column.total + 1 };
    return withCards(column, [...cardsOf(column), task], 1);
  });
  return { ...board, columns };
}

/** The board with a further page of a column. */
export function longer(board: Board, columnId: string, page: Schemas["Page_TaskSummary"]): Board {
  const columns = board.columns.map((column) => {
    if (column.id !== columnId) return column;
    const known = new Set(cardsOf(column).map((card) => card.id));
    const items = [...cardsOf(column), ...page.items.filter((card) => !known.has(card.id))];
    return { ...column, cards: { items, next_cursor: page.next_cursor ?? null } };
  });
  return { ...board, columns };
}

/** The board as it was read anew, with the pages that were read further down before. `changed` are cards that may have left them. */
export function renewed(old: Board, fresh: Board, changed: ReadonlySet<string>): Board {
  const placed = new Set(fresh.columns.flatMap((column) => cardsOf(column).map((card) => card.id)));
  const columns = fresh.columns.map((column) => {
    const before = old.columns.find((other) => other.id === column.id);
    const first = cardsOf(column);
    if (!before || cardsOf(before).length <= first.length || !column.cards?.next_cursor) return column;
    const further = cardsOf(before).slice(first.length).filter((card) => !placed.has(card.id) && !changed.has(card.id));
    return { ...column, cards: { items: [...first, ...further], next_cursor: before.cards?.next_cursor ?? null } };
  });
  return { ...fresh, columns };
}

/** The board with a column at another place; columns that are not there change nothing. */
export function reordered(board: Board, id: string, place: { before_id?: string; after_id?: string }): Board {
  const column = board.columns.find((column) => column.id === id);
  const columns = board.columns.filter((column) => column.id !== id);
  const before = columns.findIndex((column) => column.id === place.before_id);
  const after = columns.findIndex((column) => column.id === place.after_id);
  if (!column || (before < 0 && after < 0)) return board;
  columns.splice(before >= 0 ? before : after + 1, 0, column);
  return { ...board, columns };
}

/** Whether a column holds more than it should. */
export const overLimit = (column: Column): boolean =>
  typeof column.wip_limit === "number" && column.total > column.wip_limit;
