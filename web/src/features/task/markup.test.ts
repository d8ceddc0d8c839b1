import { expect, it } from "vitest";

import { around, atLineStart, mentionAt } from "./markup";

it("marks go around what is selected", () => {
  expect(around({ text: "a word here", from: 2, to: 6 }, "**")).toEqual({ text: "a **word** here", from: 4, to: 8 });
});

it("marks go before every selected line", () => {
  expect(atLineStart({ text: "one\ntwo\nthree", from: 5, to: 13 }, "- ")).toEqual({ text: "one\n- two\n- three", from: 7, to: 17 });
});

it("a name begins behind an @ that begins a word", () => {
  expect(mentionAt("ask @Ada", 8)).toEqual({ start: 4, typed: "Ada" });
  expect(mentionAt("ask @Ada L", 10)).toEqual({ start: 4, typed: "Ada L" });
  expect(mentionAt("mail ada@example", 16)).toBeNull();
});
