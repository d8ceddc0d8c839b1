// Changes of this page that are on their way. What was read meanwhile may be older than what their answers say.
let begun = 0;
let open = 0;
let waiting: (() => void)[] = [];

/** Counts a change until it is answered. */
export async function changing<T>(act: () => Promise<T>): Promise<T> {
  begun += 1;
  open += 1;
  try {
    return await act();
  } finally {
    open -= 1;
    if (open === 0) {
      for (const go of waiting) go();
      waiting = [];
    }
  }
}

/** When no change is on its way. */
export const settled = (): Promise<void> => (open === 0 ? Promise.resolve() : new Promise((go) => waiting.push(go)));

/** Reads between changes; null where one began before the answer came. */
export async function readUndisturbed<T>(read: () => Promise<T>): Promise<T | null> {
  await settled();
  const before = begun;
  const answer = await read();
  return begun === before ? answer : null;
}
