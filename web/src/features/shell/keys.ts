// Single keys. They rest while somebody types, while a menu or dialog is open, and with Ctrl, Alt or Meta held.
import { useEffect, useRef } from "react";

export type Keys = Record<string, (event: KeyboardEvent) => void>;

const typing = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));

/** Time for the second key of a sequence such as `g b`. */
const SEQUENCE_MS = 1200;

/** The first key of every sequence; what follows it means nothing by itself. */
const LEADER = "g";

/** Acts on keys by their names, `c`, `?`, `g b`. */
export function useKeys(keys: Keys): void {
  const held = useRef(keys);
  useEffect(() => {
    held.current = keys;
  });
  useEffect(() => {
    let first = "";
    let since = 0;
    function press(event: KeyboardEvent) {
      if (event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey) return;
      if (typing(event.target) || document.querySelector("dialog[open], [role=menu]")) return;
      const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
      const follows = first === LEADER && event.timeStamp - since < SEQUENCE_MS;
      const act = held.current[follows ? `${LEADER} ${key}` : key];
      first = key;
      since = event.timeStamp;
      if (!act) return;
      event.preventDefault();
      act(event);
    }
    document.addEventListener("keydown", press);
    return () => document.removeEventListener("keydown", press);
  }, []);
}
