// The client on an organization's own host.
import "./style.css";

import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { createRoot } from "react-dom/client";

import { loadLanguage } from "~/lib/i18n";
import { applyTheme } from "~/lib/theme";
import { Toasts } from "~/ui/toasts";

import { cache } from "./cache";
import { router } from "./router";

async function start() {
  applyTheme();
  await loadLanguage();
  const root = document.getElementById("root");
  if (!root) throw new Error("the page has no root");
  createRoot(root).render(
    <QueryClientProvider client={cache}>
      <RouterProvider router={router} />
      <Toasts />
    </QueryClientProvider>,
  );
}

void start();
