// Which tasks are selected, for changes to many at once.
import { create } from "zustand";

export const useSelection = create<ReadonlySet<string>>(() => new Set());

export function toggle(id: string): void {
  useSelection.setState((chosen) => {
    const next = new Set(chosen);
    if (!next.delete(id)) next.add(id);
    return next;
  }, true);
}

export const clear = (): void => useSelection.setState(new Set(), true);
