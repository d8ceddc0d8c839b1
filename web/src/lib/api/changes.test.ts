import { expect, it } from "vitest";

import { changing, readUndisturbed } from "./changes";

it("what is read while something changes does not count, and reading waits for changes that are on their way", async () => {
  let answer: (text: string) => void = () => undefined;
  const read = () => new Promise<string>((resolve) => {
    answer = resolve;
  });
  const first = readUndisturbed(read);
  await Promise.resolve();
  let done: () => void = () => undefined;
  const change = changing(() => new Promise<void>((resolve) => {
    done = resolve;
  }));
  answer("old");
  expect(await first).toBeNull();
  const second = readUndisturbed(read);
  done();
  await change;
  await Promise.resolve();
  answer("new");
  expect(await second).toBe("new");
});
