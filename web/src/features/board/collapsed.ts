// Lanes that somebody closed stay closed, in this browser.
import { useState } from "react";

const name = (boardId: string, by: string): string => `tenantry.lanes.${boardId}.${by}`;

function kept(key: string): string[] {
  try {
    const found: unknown = JSON.parse(localStorage.getItem(key) ?? "[]");
    return Array.isArray(found) ? found.filter((lane) => typeof lane === "string") : [];
  } catch {
    return [];
  }
}

export function useCollapsed(boardId: string, by: string): { collapsed: ReadonlySet<string>; turn: (lane: string) => void } {
  const key = name(boardId, by);
  const [collapsed, setCollapsed] = useState<ReadonlySet<string>>(() => new Set(kept(key)));
  const turn = (lane: string) => {
    const next = new Set(collapsed);
    if (!next.delete(lane)) next.add(lane);
    localStorage.setItem(key, JSON.stringify([...next]));
    setCollapsed(next);
  };
  return { collapsed, turn };
}
