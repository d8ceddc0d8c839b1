import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import clsx from "clsx";
import { ChartNoAxesColumn, ChevronsUpDown, CircleHelp, FolderKanban, Home, LogOut, Monitor, Moon, Plus, Search, Settings, Sun, X } from "lucide-react";
import { useState, type ReactNode } from "react";

import { projectsQuery } from "~/features/project/queries";
import { useMay, useMe } from "~/features/session/queries";
import { api, ask } from "~/lib/api/client";
import { changeLanguage, language, LANGUAGES, t, type Language } from "~/lib/i18n";
import { changeTheme, theme, type Theme } from "~/lib/theme";
import { Avatar } from "~/ui/avatar";
import { IconButton } from "~/ui/button";
import { Kbd } from "~/ui/kbd";
import { Menu, MenuItem, MenuLabel, MenuLine } from "~/ui/menu";
import { toast } from "~/ui/toasts";

import { close, open, useShell } from "./state";

/** At the side; on a phone it slides over the screen when it is asked for. */
export function Navigation() {
  const shown = useShell((shell) => shell.navigation);
  const me = useMe();
  const hide = () => close("navigation");
  return (
    <>
      {shown && <div aria-hidden className="fixed inset-0 z-30 bg-black/40 md:hidden" onClick={hide} />}
      <nav aria-label={t.shell.navigation} className={clsx(
        "z-40 min-h-0 w-60 flex-col gap-1 border-r border-line bg-sunken p-2.5 md:static md:flex",
        shown ? "slide fixed inset-y-0 left-0 flex" : "hidden",
      )}>
        <div className="flex items-center gap-2 px-2 py-1.5">
          <span aria-hidden className="inline-flex size-7 items-center justify-center rounded-lg bg-accent text-sm font-bold text-on-accent">{me.organization.name[0]}</span>
          <span className="min-w-0 flex-1 truncate font-semibold">{me.organization.name}</span>
          <IconButton label={t.common.close} className="md:hidden" onClick={hide}><X size={16} /></IconButton>
        </div>
        <div className="mb-1 grid grid-cols-[1fr_auto] gap-1">
          <button type="button" onClick={() => open("palette")}
            className="flex min-h-8 items-center gap-2 rounded-lg border border-line bg-surface px-2 text-ink-2 shadow-card hover:text-ink">
            <Search size={15} aria-hidden /> <span className="flex-1 truncate text-left">{t.shell.find}</span><Kbd>⌘K</Kbd>
          </button>
          <IconButton label={t.task.create} className="border border-line bg-surface shadow-card" onClick={() => open("newTask")}><Plus size={16} /></IconButton>
        </div>
        <Entry to="/" icon={<Home size={16} aria-hidden />} onClick={hide}>{t.shell.home}</Entry>
        <Entry to="/projects" icon={<FolderKanban size={16} aria-hidden />} onClick={hide}>{t.project.all}</Entry>
        {useMay("analytics:read") && <Entry to="/analytics" icon={<ChartNoAxesColumn size={16} aria-hidden />} onClick={hide}>{t.shell.analytics}</Entry>}
        <h2 className="mt-3 px-2 pb-1 text-xs font-semibold text-ink-2">{t.shell.projects}</h2>
        <Projects onClick={hide} />
        <Entry to="/settings" icon={<Settings size={16} aria-hidden />} onClick={hide} whole>{t.shell.settings}</Entry>
        <Account />
      </nav>
    </>
  );
}

const entryClass = "flex min-h-8 min-w-0 shrink-0 items-center gap-2.5 rounded-lg px-2 text-ink-2 hover:bg-surface hover:text-ink aria-[current=page]:bg-surface aria-[current=page]:font-medium aria-[current=page]:text-ink aria-[current=page]:shadow-card";

type EntryProps = {
  to: "/" | "/projects" | "/analytics" | "/settings";
  icon: ReactNode;
  children: ReactNode;
  onClick: () => void;
  /** It stands for all addresses below its own. */
  whole?: boolean;
};

function Entry({ to, icon, children, onClick, whole = false }: EntryProps) {
  return <Link to={to} activeOptions={{ exact: !whole, includeSearch: false }} className={entryClass} onClick={onClick}>{icon}{children}</Link>;
}

function Projects({ onClick }: { onClick: () => void }) {
  const { data = [] } = useQuery(projectsQuery);
  return (
    <div className="flex min-h-0 flex-1 flex-col gap-0.5 overflow-y-auto">
      {data.map((project) => (
        <Link key={project.id} to="/projects/$projectId" params={{ projectId: project.id }} activeOptions={{ includeSearch: false }} className={entryClass} onClick={onClick}>
          <ProjectSign color={project.color} /><span className="truncate">{project.name}</span>
        </Link>
      ))}
    </div>
  );
}

/** A project's colour; where it has none, the product's. */
export function ProjectSign({ color }: { color?: string | null | undefined }) {
  return <svg viewBox="0 0 10 10" aria-hidden className="size-2.5 shrink-0"><rect width="10" height="10" rx="3" fill={color ?? "var(--accent)"} /></svg>;
}

function Account() {
  const { user, role } = useMe();
  const [chosen, setChosen] = useState(theme);
  const themes: [Theme, ReactNode][] = [["system", <Monitor key="s" size={15} />], ["light", <Sun key="l" size={15} />], ["dark", <Moon key="d" size={15} />]];
  const choose = (theme: Theme) => {
    changeTheme(theme);
    setChosen(theme);
  };
  return (
    <Menu trigger={
      <button type="button" className="mt-2 flex items-center gap-2.5 rounded-lg p-1.5 text-left hover:bg-surface">
        <Avatar person={user} size="size-7" label={false} />
        <span className="min-w-0 flex-1"><span className="block truncate font-medium">{user.name}</span><span className="block truncate text-xs text-ink-2">{t.role[role]}</span></span>
        <ChevronsUpDown size={14} className="text-ink-2" aria-hidden />
      </button>
    }>
      <MenuLabel>{t.shell.theme}</MenuLabel>
      {themes.map(([theme, sign]) => (
        <MenuItem key={theme} chosen={theme === chosen} onSelect={() => choose(theme)}>{sign}{t.shell.themes[theme]}</MenuItem>
      ))}
      <MenuLine />
      <MenuLabel>{t.shell.language}</MenuLabel>
      {(Object.entries(LANGUAGES) as [Language, string][]).map(([code, name]) => (
        <MenuItem key={code} chosen={code === language()} onSelect={() => changeLanguage(code)}><span lang={code}>{name}</span></MenuItem>
      ))}
      <MenuLine />
      <MenuItem onSelect={() => setTimeout(() => open("help"))}><CircleHelp size={15} />{t.shell.shortcuts}</MenuItem>
      <MenuItem onSelect={() => void signOut()}><LogOut size={15} />{t.shell.signOut}</MenuItem>
    </Menu>
  );
}

async function signOut() {
  try {
    await ask(api.POST("/api/v1/auth/logout"));
    location.replace("/login");
  } catch (error) {
    toast.failed(error);
  }
}
