import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";

import { useMe } from "~/features/session/queries";
import { api, ask, type Schemas } from "~/lib/api/client";
import { t } from "~/lib/i18n";
import { Button } from "~/ui/button";
import { Dialog } from "~/ui/dialog";
import { toast } from "~/ui/toasts";

import { projectQuery } from "../queries";
import { useProjectRole } from "../rights";
import { Section } from "./section";
import { w } from "./words";

/** Puts a project away, takes it out again, or deletes it. */
export function Ending({ project }: { project: Schemas["ProjectView"] }) {
  const cache = useQueryClient();
  const navigate = useNavigate();
  const { permissions } = useMe();
  const role = useProjectRole(project);
  const mayDelete = role === "owner" || permissions.includes("project:delete");
  const [asking, setAsking] = useState(false);
  const params = { path: { id: project.id } };
  const renew = () => Promise.all(["projects", "archived"].map((name) => cache.invalidateQueries({ queryKey: [name] })));
  async function turn() {
    try {
      const changed = await ask(project.archived_at ? api.POST("/api/v1/projects/{id}/unarchive", { params }) : api.POST("/api/v1/projects/{id}/archive", { params }));
      cache.setQueryData(projectQuery(project.id).queryKey, changed);
      await renew();
    } catch (error) {
      toast.failed(error);
    }
  }
  async function remove() {
    setAsking(false);
    try {
      await ask(api.DELETE("/api/v1/projects/{id}", { params }));
      await navigate({ to: "/projects" });
      toast.say(w.removed(project.name), { label: t.common.undo, run: () => void ask(api.POST("/api/v1/projects/{id}/restore", { params })).then(renew).catch(toast.failed) });
      await renew();
    } catch (error) {
      toast.failed(error);
    }
  }
  return (
    <Section title={w.end}>
      <Line hint={project.archived_at ? w.unarchiveHint : w.archiveHint}><Button onClick={() => void turn()}>{project.archived_at ? w.unarchive : w.archive}</Button></Line>
      {mayDelete && <Line hint={w.removeHint}><Button kind="danger" onClick={() => setAsking(true)}>{w.remove}</Button></Line>}
      {asking && (
        <Dialog title={w.removeTitle(project.name)} onClose={() => setAsking(false)}>
          <p className="mb-4">{w.removeHint}</p>
          <div className="flex justify-end gap-2">
            <Button onClick={() => setAsking(false)}>{t.common.cancel}</Button>
            <Button kind="danger" onClick={() => void remove()}>{w.remove}</Button>
          </div>
        </Dialog>
      )}
    </Section>
  );
}

function Line({ hint, children }: { hint: string; children: React.ReactNode }) {
  return <div className="flex flex-wrap items-center justify-between gap-3"><p className="min-w-48 flex-1 text-sm text-ink-2">{hint}</p>{children}</div>;
}
