// Moves on their way: those not answered yet, and those refused, which stay marked on their cards until tried again.
import { useQueryClient, type QueryClient } from "@tanstack/react-query";
import { useCallback } from "react";
import { create } from "zustand";

import { putTask } from "~/features/task/cache";
import { api, ask, Problem } from "~/lib/api/client";
import { t } from "~/lib/i18n";
import { toast } from "~/ui/toasts";

import { moved, type Board, type Move } from "./arrangement";

type Underway = Move & { number: number };
type Refused = { move: Move; why: string };

type Moves = {
  underway: readonly Underway[];
  refused: Readonly<Record<string, Refused>>;
};

export const useMoves = create<Moves>(() => ({ underway: [], refused: {} }));

let last = 0;

function begin(move: Move): number {
  last += 1;
  const number = last;
  useMoves.setState(({ underway, refused }) => {
    const { [move.id]: _, ...others } = refused;
    return { underway: [...underway, { ...move, number }], refused: others };
  });
  return number;
}

function end(number: number, refusal?: Refused): void {
  useMoves.setState(({ underway, refused }) => ({
    underway: underway.filter((move) => move.number !== number),
    refused: refusal ? { ...refused, [refusal.move.id]: refusal } : refused,
  }));
}

/** Moves of the same card wait for each other: the server is to see them in the order they were made. */
const queues = new Map<string, Promise<void>>();

/** Shows a move at once and sends it; when it is refused, this card alone goes back. */
export async function send(cache: QueryClient, boardId: string, move: Move): Promise<boolean> {
  const number = begin(move);
  const { id, ...body } = move;
  const before = queues.get(id) ?? Promise.resolve();
  const call = before.then(() => ask(api.PUT("/api/v1/cards/{id}/move", { params: { path: { id } }, body })));
  queues.set(id, call.then(() => undefined, () => undefined));
  try {
    const card = await call;
    cache.setQueryData<Board>(["board", boardId], (board) => board && moved(board, move));
    putTask(cache, card);
    end(number);
    return true;
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    end(number, { move, why: error.message });
    toast.refused(error, { label: t.common.again, run: () => void send(cache, boardId, move) });
    return false;
  }
}

/** Sends moves on a board. */
export function useMove(boardId: string): (move: Move) => void {
  const cache = useQueryClient();
  return useCallback((move) => void send(cache, boardId, move), [cache, boardId]);
}
