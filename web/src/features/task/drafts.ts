// What was typed and not sent yet outlives the page. Drafts go when they are sent, or thrown away.
import { useState } from "react";

const PREFIX = "tenantry.draft.";

export function useDraft(name: string, initial = ""): [text: string, write: (text: string) => void, drop: () => void] {
  const key = PREFIX + name;
  const [text, setText] = useState(() => localStorage.getItem(key) ?? initial);
  const write = (text: string) => {
    setText(text);
    if (text === initial) localStorage.removeItem(key);
    else localStorage.setItem(key, text);
  };
  const drop = () => {
    localStorage.removeItem(key);
    setText(initial);
  };
  return [text, write, drop];
}

export const hasDraft = (name: string): boolean => localStorage.getItem(PREFIX + name) !== null;
