// Who looks at a board, and who drags a card there.
import { create } from "zustand";

export type Presence = { room?: string; client_id: string; user_id: string; state: "looking" | "dragging" | "gone"; task_id?: string | null };

/** Who is here after the news of one of them. */
export function present(known: Presence[], told: Presence): Presence[] {
  const others = known.filter((one) => one.client_id !== told.client_id);
  return told.state === "gone" ? others : [...others, told];
}

/** Cards in somebody's hand, and whose. */
export function inHand(here: readonly Presence[]): Record<string, string> {
  return Object.fromEntries(here.flatMap((one) => (one.state === "dragging" && one.task_id ? [[one.task_id, one.user_id]] : [])));
}

/** As the cards of the board that is shown ask for it. */
export const useInHand = create<Readonly<Record<string, string>>>(() => ({}));
