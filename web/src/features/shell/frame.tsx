// The frame around every screen of a signed-in person: navigation, palette, keys, and the task that the address names.
import { Outlet, useNavigate, useSearch } from "@tanstack/react-router";
import { Menu as MenuSign } from "lucide-react";
import { lazy, Suspense, useEffect } from "react";

import { t } from "~/lib/i18n";
import { Brand } from "~/ui/brand";
import { IconButton } from "~/ui/button";

import { Help } from "./help";
import { useKeys } from "./keys";
import { Navigation } from "./navigation";
import { close, open, useShell } from "./state";

const Palette = lazy(() => import("./palette").then((module) => ({ default: module.Palette })));
const NewTask = lazy(() => import("~/features/task/new-task").then((module) => ({ default: module.NewTask })));
const TaskPanel = lazy(() => import("~/features/task/panel").then((module) => ({ default: module.TaskPanel })));

export function Frame() {
  const navigate = useNavigate();
  const { task } = useSearch({ strict: false });
  const shown = useShell();
  useKeys({
    "?": () => open("help"),
    "/": () => void navigate({ to: "/search" }),
    c: () => open("newTask"),
    "g h": () => void navigate({ to: "/" }),
    "g p": () => void navigate({ to: "/projects" }),
  });
  usePaletteKey();
  return (
    <div className="grid h-dvh grid-rows-[auto_1fr] md:grid-cols-[15rem_1fr] md:grid-rows-1">
      <a href="#content" className="sr-only focus:not-sr-only focus:absolute focus:z-50 focus:m-2 focus:rounded-lg focus:bg-raised focus:p-2">{t.shell.skip}</a>
      <header className="flex items-center gap-2 border-b border-line px-3 py-2 md:hidden">
        <IconButton label={t.shell.navigation} aria-expanded={shown.navigation} onClick={() => open("navigation")}><MenuSign size={18} /></IconButton>
        <Brand className="size-6" />
        <span className="font-semibold">Tenantry</span>
      </header>
      <Navigation />
      <main id="content" tabIndex={-1} className="min-h-0 min-w-0 overflow-hidden bg-canvas outline-none">
        <Outlet />
      </main>
      {shown.help && <Help onClose={() => close("help")} />}
      <Suspense fallback={null}>
        {shown.palette && <Palette onClose={() => close("palette")} />}
        {shown.newTask && <NewTask onClose={() => close("newTask")} />}
        {task && <TaskPanel key={task} taskKey={task.toUpperCase()} onClose={() => void navigate({ to: ".", search: ({ task: _, ...rest }) => rest })} />}
      </Suspense>
    </div>
  );
}

function usePaletteKey() {
  useEffect(() => {
    function press(event: KeyboardEvent) {
      if (event.key.toLowerCase() !== "k" || !(event.metaKey || event.ctrlKey)) return;
      event.preventDefault();
      open("palette");
    }
    document.addEventListener("keydown", press);
    return () => document.removeEventListener("keydown", press);
  }, []);
}
