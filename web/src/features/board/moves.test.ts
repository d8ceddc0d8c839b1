// @vitest-environment happy-dom
import { QueryClient } from "@tanstack/react-query";
import { beforeEach, expect, it, vi } from "vitest";

import { arranged, type Board } from "./arrangement";
import { board, shape, task } from "./samples";
import { send, useMoves } from "./moves";

type Answer = { status: number; body: unknown };

/** A server whose answers come when the test says so. */
function server() {
  const waiting: { path: string; answer: (answer: Answer) => void }[] = [];
  vi.stubGlobal("fetch", (request: Request) => new Promise<Response>((resolve) => {
    const answer = ({ status, body }: Answer) => resolve(new Response(JSON.stringify(body), { status, headers: { "content-type": "application/json" } }));
    waiting.push({ path: new URL(request.url).pathname, answer });
  }));
  return waiting;
}

const refusal = { status: 409, body: { type: "about:blank", title: "Conflict", status: 409, code: "wip_limit_reached" } };

let cache: QueryClient;
const seen = () => shape(arranged(cache.getQueryData<Board>(["board", "b"]) ?? board({}), useMoves.getState().underway));
const sent = async (requests: { length: number }, count: number) => vi.waitFor(() => expect(requests.length).toBe(count));

beforeEach(() => {
  cache = new QueryClient();
  cache.setQueryData(["board", "b"], board({ todo: ["1", "2"], done: [] }));
  useMoves.setState({ underway: [], refused: {} });
});

it("a refused move takes back itself and no other", async () => {
  const requests = server();
  const first = send(cache, "b", { id: "1", column_id: "done" });
  const second = send(cache, "b", { id: "2", column_id: "done" });
  expect(seen()).toBe("todo: done:12");
  await sent(requests, 2);
  requests[1]?.answer({ status: 200, body: { ...task("2", "done", 2), wip_exceeded: false } });
  await second;
  requests[0]?.answer(refusal);
  expect(await first).toBe(false);
  expect(seen()).toBe("todo:1 done:2");
  expect(Object.keys(useMoves.getState().refused)).toEqual(["1"]);
});

it("moves of one card are sent one after the other, and the next try forgets the refusal", async () => {
  const requests = server();
  const first = send(cache, "b", { id: "1", column_id: "done" });
  const second = send(cache, "b", { id: "1", column_id: "todo" });
  await sent(requests, 1);
  expect(seen()).toBe("todo:21 done:");
  requests[0]?.answer(refusal);
  await first;
  await sent(requests, 2);
  requests[1]?.answer({ status: 200, body: { ...task("1", "todo", 2), wip_exceeded: false } });
  expect(await second).toBe(true);
  expect(seen()).toBe("todo:21 done:");
  const third = send(cache, "b", { id: "1", column_id: "done" });
  expect(useMoves.getState().refused).toEqual({});
  await sent(requests, 3);
  requests[2]?.answer({ status: 200, body: { ...task("1", "done", 3), wip_exceeded: false } });
  await third;
});
