import { create } from "zustand";

/** The card that is looked into without being opened, by its task's key. */
export const usePeek = create<{ key: string | null }>(() => ({ key: null }));

export const peekAt = (key: string | null): void => usePeek.setState({ key });
