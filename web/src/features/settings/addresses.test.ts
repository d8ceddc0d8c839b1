import { expect, it } from "vitest";

import { addresses, domains } from "./addresses";

it("takes addresses apart however they are divided, and each once", () => {
  expect(addresses("ada@orbit.example, bo@orbit.example;\n cy@orbit.example\tBO@orbit.example ")).toEqual(["ada@orbit.example", "bo@orbit.example", "cy@orbit.example"]);
  expect(addresses(" ,\n")).toEqual([]);
});

it("takes domains apart, with and without the sign before them", () => {
  expect(domains("Orbit.example, @moon.example")).toEqual(["orbit.example", "moon.example"]);
  expect(domains(" ")).toEqual([]);
});
