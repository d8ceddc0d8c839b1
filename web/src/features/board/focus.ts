// A card that changes its column is drawn anew, and the browser drops the focus it had. Who moves a card says here that
// its new drawing is to take the focus.
let wanted: { id: string; lane?: string | null } | null = null;

/** With `lane`, only its drawing in that lane: it is drawn in the old one until the change is shown. */
export function keepFocus(id: string, lane?: string | null): void {
  wanted = lane === undefined ? { id } : { id, lane };
}

export const isWanted = (id: string, lane: string | null): boolean => wanted?.id === id && (wanted.lane === undefined || wanted.lane === lane);

/** For a card's link when it comes into the page. */
export function takeFocus(id: string, lane: string | null, link: HTMLElement | null): void {
  if (!link || !isWanted(id, lane)) return;
  wanted = null;
  link.focus();
  link.scrollIntoView({ block: "nearest", inline: "nearest" });
}

export const focusedCard = (): HTMLElement | null => document.activeElement?.closest<HTMLElement>("[data-board] [data-card]") ?? null;

/** The lane that a drawing of a card is in. */
export const laneOf = (card: HTMLElement): string | null => card.closest<HTMLElement>("[data-lane]")?.dataset["lane"] ?? null;

/** Moves the focus to a card in a lane; where it is not drawn, as near to it as one can go. */
export function focusCard(id: string, lane: string | null, columnId: string): void {
  const row = lane === null ? "" : `[data-lane="${CSS.escape(lane)}"] `;
  const cell = document.querySelector(`[data-board] ${row}[data-column="${CSS.escape(columnId)}"]`);
  const cards = cell?.querySelectorAll<HTMLElement>("[data-card]");
  const card = cell?.querySelector<HTMLElement>(`[data-card="${CSS.escape(id)}"]`) ?? cards?.[cards.length - 1];
  card?.querySelector("a")?.focus();
  card?.scrollIntoView({ block: "nearest", inline: "nearest" });
}
