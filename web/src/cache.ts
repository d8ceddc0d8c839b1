// What the server told, for all screens.
import { QueryCache, QueryClient } from "@tanstack/react-query";

import { hasSession, Problem } from "~/lib/api/client";

/** A refusal stays a refusal; what has no answer is asked again twice. */
function worthAnother(failures: number, error: Error): boolean {
  const passing = error instanceof Problem && (error.status === 0 || error.status >= 502);
  return passing && failures < 2;
}

export const cache = new QueryClient({
  queryCache: new QueryCache({
    onError: (error) => {
      if (error instanceof Problem && error.status === 401 && location.pathname !== "/login") leave();
    },
  }),
  defaultOptions: { queries: { retry: worthAnother, refetchOnWindowFocus: true } },
});

/** To the sign-in, and back here after it. */
export function leave(): void {
  const back = hasSession() ? `?next=${encodeURIComponent(location.pathname + location.search)}` : "";
  location.replace(`/login${back}`);
}
