// A card that changes its column is drawn anew, and the browser drops the focus it had. Who moves a card says here that
// its new drawing is to take the focus.
let wanted: string | null = null;

export function keepFocus(id: string): void {
  wanted = id;
}

/** For a card's link when it comes into the page. */
export function takeFocus(id: string, link: HTMLElement | null): void {
  if (!link || wanted !== id) return;
  wanted = null;
  link.focus();
  link.scrollIntoView({ block: "nearest", inline: "nearest" });
}
