import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { Plus } from "lucide-react";
import { useEffect, useState } from "react";

import { Failed } from "~/features/shell/failed";
import { ProjectSign } from "~/features/shell/navigation";
import { useMay } from "~/features/session/queries";
import { api, ask, type Schemas } from "~/lib/api/client";
import { nearDay } from "~/lib/dates";
import { t } from "~/lib/i18n";
import { Button } from "~/ui/button";
import { Dialog } from "~/ui/dialog";
import { Field } from "~/ui/field";
import { Form } from "~/ui/form";
import { Empty, Skeleton } from "~/ui/notice";

import { archivedQuery, projectsQuery } from "./queries";

export function ProjectList() {
  const { data, error, refetch } = useQuery(projectsQuery);
  const [creating, setCreating] = useState(false);
  const mayCreate = useMay("project:create");
  useEffect(() => {
    document.title = `${t.project.all} · Tenantry`;
  }, []);
  const create = mayCreate && <Button kind="primary" onClick={() => setCreating(true)}><Plus size={16} aria-hidden />{t.project.create}</Button>;
  return (
    <div className="h-full overflow-y-auto px-4 py-6 md:px-8">
      <div className="mx-auto max-w-4xl">
        <header className="mb-4 flex items-center justify-between gap-3"><h1 className="text-2xl font-semibold">{t.project.all}</h1>{create}</header>
        {error && !data && <Failed error={error} again={refetch} />}
        {!data && !error && <Skeleton className="h-48" />}
        {data?.length === 0 && <Empty title={t.project.none} action={create}>{t.project.noneHint}</Empty>}
        <Projects projects={data ?? []} />
        <Archived />
      </div>
      {creating && <Create onClose={() => setCreating(false)} />}
    </div>
  );
}

function Projects({ projects }: { projects: readonly Schemas["ProjectSummary"][] }) {
  return (
    <ul className="grid gap-3 sm:grid-cols-2 lg:grid-cols-3">
      {projects.map((project) => (
        <li key={project.id}>
          <Link to="/projects/$projectId" params={{ projectId: project.id }} className="grid h-full content-start gap-2 rounded-2xl border border-line bg-surface p-4 shadow-card hover:border-line-strong">
            <span className="flex items-center gap-2.5"><ProjectSign color={project.color} /><span className="truncate text-lg font-semibold">{project.name}</span></span>
            <span className="flex flex-wrap items-center gap-x-3 text-sm text-ink-2">
              <span>{project.key}</span><span>{t.projectStatus[project.status]}</span>
              {project.end_date && <span>{t.project.until(nearDay(project.end_date))}</span>}
            </span>
          </Link>
        </li>
      ))}
    </ul>
  );
}

/** Where projects that were put away are found again. */
function Archived() {
  const { data = [] } = useQuery(archivedQuery);
  if (data.length === 0) return null;
  return <section aria-label={t.project.archived} className="mt-8 grid gap-3"><h2 className="font-semibold text-ink-2">{t.project.archived}</h2><Projects projects={data} /></section>;
}

function Create({ onClose }: { onClose: () => void }) {
  const cache = useQueryClient();
  const navigate = useNavigate();
  return (
    <Dialog title={t.project.create} onClose={onClose}>
      <Form action={t.project.create} send={async ({ name = "", key, description = "", color }) => {
        const project = await ask(api.POST("/api/v1/projects", { body: { name, description, key: key?.toUpperCase() || null, color: color ?? null } }));
        await cache.invalidateQueries({ queryKey: projectsQuery.queryKey });
        onClose();
        void navigate({ to: "/projects/$projectId", params: { projectId: project.id } });
      }}>
        {(errors) => (
          <>
            <Field label={t.common.name} name="name" required maxLength={200} error={errors.get("name")}
              // The dialog is opened to type here.
              // eslint-disable-next-line jsx-a11y/no-autofocus
              autoFocus />
            <div className="grid grid-cols-2 gap-4">
              <Field label={t.project.key} name="key" maxLength={10} placeholder="APO" hint={t.project.keyHint} error={errors.get("key")} />
              <Field label={t.project.color} name="color" type="color" defaultValue="#0d6656" error={errors.get("color")} />
            </div>
            <Field label={t.task.description} name="description" maxLength={2000} error={errors.get("description")} />
          </>
        )}
      </Form>
    </Dialog>
  );
}
