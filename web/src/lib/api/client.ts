// Calls to the API. Paths, bodies and answers are checked by the types made of the API's own description; what goes
// wrong is thrown as a `Problem` that says what happened and what to do next.
import createClient from "openapi-fetch";

import type {} from "~/early";
import { t } from "~/lib/i18n";
import { traceparent } from "~/lib/trace";

import { changing } from "./changes";
import type { components, paths } from "./schema";

export type Schemas = components["schemas"];

const CSRF_COOKIE = /(?:^|; )__Host-tenantry_csrf=([^;]*)/;
const REFRESH = "/api/v1/auth/refresh";

/** Whether this browser has a session here, as far as a script can see. */
export function hasSession(): boolean {
  return CSRF_COOKIE.test(document.cookie);
}

/** A refused or failed request (RFC 9457), in words for people. */
export class Problem extends Error {
  constructor(
    /** 0 when the server could not be reached. */
    readonly status: number,
    readonly code: string,
    message: string,
    /** What is wrong with a field, by its JSON pointer without the first slash. */
    readonly fields: ReadonlyMap<string, string> = new Map(),
    readonly requestId: string | null = null,
  ) {
    super(message);
  }
}

/** The answer's body, or a thrown `Problem`. */
export async function ask<T>(call: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
  const { data, error, response } = await call;
  if (response.ok) return data as T;
  throw problem(response, error);
}

function problem(response: Response, body: unknown): Problem {
  const told = isTold(body) ? body : null;
  const fields = new Map(told?.errors?.map((error) => [error.pointer.slice(1), error.detail] as const));
  const id = told?.request_id ?? response.headers.get("x-request-id");
  return new Problem(response.status, told?.code ?? "", words(response, told, id), fields, id);
}

function words(response: Response, told: Schemas["ProblemBody"] | null, id: string | null): string {
  const wait = Number(response.headers.get("retry-after"));
  if (response.status === 429) return t.problem.tooMany(wait);
  if (response.status === 503) return t.problem.away;
  if (response.status >= 500) return t.problem.server(id ?? "?");
  if (response.status === 403 && told?.code === "permission_denied") return t.problem.forbidden;
  if (response.status === 404) return t.problem.gone;
  const known = told ? t.problem.codes[told.code] : undefined;
  if (known) return known;
  const first = told?.errors?.map((error) => error.detail).join("; ");
  return first || told?.detail || told?.title || t.problem.status(response.status);
}

function isTold(body: unknown): body is Schemas["ProblemBody"] {
  return typeof body === "object" && body !== null && "code" in body && "title" in body;
}

const signed = (request: Request): Promise<Response> => (request.method === "GET" ? renewing(request) : changing(() => renewing(request)));

/** Sends a request with what proves that it comes from this page; renews the session when it has run out. */
async function renewing(request: Request): Promise<Response> {
  const again = request.clone();
  const first = await (alreadyAsked(request) ?? send(request));
  if (first.status !== 401 || !hasSession() || request.url.endsWith(REFRESH)) return first;
  return oneTabAtATime(async () => {
    const second = await send(again.clone());
    if (second.status !== 401) return second;
    return (await refresh()) ? send(again) : second;
  });
}

/** Later than that after the page was opened, what was asked for early is out of date. */
const EARLY_MS = 15_000;

/** The answer to a request that was made before the client had loaded. */
function alreadyAsked(request: Request): Promise<Response> | undefined {
  if (performance.now() > EARLY_MS) return undefined;
  const { pathname, search } = new URL(request.url);
  const answer = request.method === "GET" ? window.early?.get(pathname + search) : undefined;
  if (answer) window.early?.delete(pathname + search);
  // Where it failed it is simply asked for again.
  return answer?.catch(() => send(request));
}

/** A refresh token is good once. */
async function oneTabAtATime<T>(act: () => Promise<T>): Promise<T> {
  return await navigator.locks.request("tenantry.refresh", act);
}

async function refresh(): Promise<boolean> {
  const body = { method: "POST", headers: { "content-type": "application/json" }, body: "{}" };
  return (await send(new Request(REFRESH, body))).ok;
}

/** Renews the session before it runs out; false where it has ended. */
export const renew = (): Promise<boolean> => oneTabAtATime(refresh);

async function send(request: Request): Promise<Response> {
  const headers = new Headers(request.headers);
  headers.set("x-tenantry-client", "browser");
  const token = CSRF_COOKIE.exec(document.cookie)?.[1];
  if (token) headers.set("x-csrf-token", token);
  if (request.method !== "GET") headers.set("traceparent", traceparent());
  try {
    return await fetch(new Request(request, { headers }));
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new Problem(0, "offline", t.problem.offline);
  }
}

export const api = createClient<paths>({ baseUrl: location.origin, fetch: signed });

/** Pages read for a list that is wanted whole; 200 entries each. */
const PAGES = 10;

/** Reads a list that is small in every sane organization. */
export async function whole<T>(
  page: (cursor: string | undefined) => Promise<{ items: T[]; next_cursor?: string | null }>,
): Promise<T[]> {
  const items: T[] = [];
  let cursor: string | undefined;
  for (let read = 0; read < PAGES; read += 1) {
    const answer = await page(cursor);
    items.push(...answer.items);
    if (!answer.next_cursor) break;
    cursor = answer.next_cursor;
  }
  return items;
}
