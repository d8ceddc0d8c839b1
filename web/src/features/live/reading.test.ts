// @vitest-environment happy-dom
import { expect, it, vi } from "vitest";

import { Turns } from "./reading";

it("reads at once, and once more for all that came meanwhile", async () => {
  vi.useFakeTimers();
  const done: (() => void)[] = [];
  const act = vi.fn(() => new Promise<void>((resolve) => done.push(resolve)));
  const turns = new Turns(act, 60);
  turns.ask();
  expect(act).toHaveBeenCalledTimes(1);
  turns.ask();
  turns.ask();
  done[0]?.();
  await vi.advanceTimersByTimeAsync(60);
  expect(act).toHaveBeenCalledTimes(2);
  done[1]?.();
  await vi.advanceTimersByTimeAsync(60);
  expect(act).toHaveBeenCalledTimes(2);
  turns.ask();
  expect(act).toHaveBeenCalledTimes(3);
  vi.useRealTimers();
});
