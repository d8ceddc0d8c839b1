// Everything by typing: screens, projects, and tasks by key or words.
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Command } from "cmdk";
import { FolderKanban, Home, Plus, Search } from "lucide-react";
import { useDeferredValue, useState, type ReactNode } from "react";

import { projectsQuery } from "~/features/project/queries";
import { searchQuery, type Hit } from "~/features/search/queries";
import { t } from "~/lib/i18n";
import { Dialog } from "~/ui/dialog";

import { ProjectSign } from "./navigation";
import { open } from "./state";

export function Palette({ onClose }: { onClose: () => void }) {
  const navigate = useNavigate();
  const [typed, setTyped] = useState("");
  const asked = useDeferredValue(typed.trim());
  const { data: projects = [] } = useQuery(projectsQuery);
  const { data: hits } = useQuery({ ...searchQuery(asked), enabled: asked.length > 1 });
  const go = (act: () => unknown) => () => {
    onClose();
    void act();
  };
  const openHit = (hit: Hit) => go(() =>
    hit.kind === "project"
      ? navigate({ to: "/projects/$projectId", params: { projectId: hit.project_id } })
      : navigate({ to: "/projects/$projectId", params: { projectId: hit.project_id }, search: { task: hit.key } }));
  return (
    <Dialog title={t.shell.find} onClose={onClose} className="mt-[12dvh] w-[min(38rem,calc(100vw-1.5rem))]">
      <Command label={t.shell.find} loop>
        <Command.Input
          // The dialog is opened to type here.
          // eslint-disable-next-line jsx-a11y/no-autofocus
          autoFocus
          value={typed} onValueChange={setTyped} placeholder={t.shell.findHint}
          className="w-full border-b border-line bg-transparent pb-3 text-lg outline-none placeholder:text-ink-2" />
        <Command.List className="max-h-80 overflow-y-auto pt-2">
          <Command.Empty className="px-2 py-6 text-center text-ink-2">{t.shell.nothingFound}</Command.Empty>
          <Group heading={t.shell.actions}>
            <Entry onSelect={go(() => open("newTask"))}><Plus size={15} />{t.task.create}</Entry>
            <Entry onSelect={go(() => navigate({ to: "/" }))}><Home size={15} />{t.shell.home}</Entry>
            <Entry onSelect={go(() => navigate({ to: "/projects" }))}><FolderKanban size={15} />{t.project.all}</Entry>
          </Group>
          <Group heading={t.shell.projects}>
            {projects.map((project) => (
              <Entry key={project.id} value={`${project.key} ${project.name}`} onSelect={go(() => navigate({ to: "/projects/$projectId", params: { projectId: project.id } }))}>
                <ProjectSign color={project.color} />{project.name}
              </Entry>
            ))}
          </Group>
          {hits && hits.items.length > 0 && (
            <Group heading={t.search.title}>
              {hits.items.slice(0, 8).map((hit) => (
                // It was found by the server: its words may be others than those typed.
                <Entry key={`${hit.kind}${hit.id}`} value={`${asked} ${hit.id}`} onSelect={openHit(hit)}>
                  <span className="w-16 shrink-0 text-xs text-ink-2">{hit.key}</span>
                  <span className="truncate">{hit.title.map((part) => part.text).join("")}</span>
                </Entry>
              ))}
            </Group>
          )}
          {asked && <Group heading=""><Entry value={`${asked} all`} onSelect={go(() => navigate({ to: "/search", search: { q: asked } }))}><Search size={15} />{t.search.all(asked)}</Entry></Group>}
        </Command.List>
      </Command>
    </Dialog>
  );
}

function Group({ heading, children }: { heading: string; children: ReactNode }) {
  return (
    <Command.Group heading={heading} className="[&_[cmdk-group-heading]]:px-2 [&_[cmdk-group-heading]]:py-1 [&_[cmdk-group-heading]]:text-xs [&_[cmdk-group-heading]]:text-ink-2">
      {children}
    </Command.Group>
  );
}

function Entry({ children, value, onSelect }: { children: ReactNode; value?: string; onSelect: () => void }) {
  return (
    <Command.Item {...(value && { value })} onSelect={onSelect} className="flex cursor-pointer items-center gap-2.5 rounded-lg px-2 py-2 data-[selected=true]:bg-sunken">
      {children}
    </Command.Item>
  );
}
