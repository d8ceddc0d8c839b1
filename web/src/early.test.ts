// @vitest-environment happy-dom
import { QueryClient } from "@tanstack/react-query";
import { expect, it, vi } from "vitest";

import { boardQuery, boardsQuery, labelsQuery, projectQuery, projectsQuery } from "~/features/project/queries";
import { meQuery, peopleQuery } from "~/features/session/queries";

import { firstReads } from "./early";

it("what is asked for early is what the screens ask for", async () => {
  const asked: string[] = [];
  vi.stubGlobal("fetch", async (request: Request) => {
    const { pathname, search } = new URL(request.url);
    asked.push(pathname + search);
    return Response.json({ items: [] });
  });
  const cache = new QueryClient();
  const { now, boards, board } = firstReads("p");
  await cache.prefetchQuery(meQuery);
  await cache.prefetchQuery(projectQuery("p"));
  await cache.prefetchQuery(labelsQuery("p"));
  await cache.prefetchQuery(peopleQuery);
  await cache.prefetchQuery(projectsQuery);
  await cache.prefetchQuery(boardsQuery("p"));
  await cache.prefetchQuery(boardQuery("b"));
  expect(asked).toEqual([...now, boards, board("b")]);
  vi.unstubAllGlobals();
});
