import { expect, it } from "vitest";

import { de as analyticsDe } from "~/features/analytics/words/de";
import { en as analyticsEn } from "~/features/analytics/words/en";
import { de as settingsDe } from "~/features/settings/words/de";
import { en as settingsEn } from "~/features/settings/words/en";

import { de } from "./de";
import { en } from "./en";
import { plurals } from "./plural";

/** Each text with its path; functions are given numbers, which do for texts too. */
function texts(value: unknown, path = ""): [string, unknown][] {
  if (typeof value === "function") return [[path, (value as (...values: number[]) => unknown)(2, 3, 4)]];
  if (typeof value !== "object" || value === null) return [[path, value]];
  return Object.entries(value).flatMap(([name, part]) => texts(part, `${path}.${name}`));
}

it("every language has every text, and none is empty", () => {
  for (const [english, german] of [[en, de], [settingsEn, settingsDe], [analyticsEn, analyticsDe]]) {
    expect(texts(german).map(([path]) => path)).toEqual(texts(english).map(([path]) => path));
    for (const [path, text] of [...texts(english), ...texts(german)]) expect(text, path).toMatch(/\S/);
  }
});

it("texts follow their number", () => {
  const many = plurals("en");
  const forms = { one: "# task", other: "# tasks" };
  expect([many(1, forms), many(0, forms), many(1200, forms)]).toEqual(["1 task", "0 tasks", "1,200 tasks"]);
});
