import { createLazyRoute } from "@tanstack/react-router";

import { Login } from "./login";

function Page() {
  const { next } = route.useSearch();
  return <Login next={next ?? "/"} />;
}

export const route = createLazyRoute("/login")({ component: Page });
