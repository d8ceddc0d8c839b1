import { useQueryClient } from "@tanstack/react-query";

import { api, ask, type Schemas } from "~/lib/api/client";
import { t } from "~/lib/i18n";
import { Check, Field, SelectField } from "~/ui/field";
import { Form } from "~/ui/form";
import { toast } from "~/ui/toasts";

import { projectQuery, projectsQuery } from "../queries";
import { Section } from "./section";
import { w } from "./words";

type Project = Schemas["ProjectView"];

const isStatus = (text: string): text is Schemas["ProjectStatus"] => text in t.projectStatus;

export function General({ project, editable }: { project: Project; editable: boolean }) {
  const cache = useQueryClient();
  async function save({ name = "", description = "", status = "", color, begins, ends, open }: Record<string, string>) {
    const body = {
      name, description, color: color ?? null, start_date: begins || null, end_date: ends || null, public: open === "on", version: project.version,
      ...(isStatus(status) && { status }),
    };
    const saved = await ask(api.PATCH("/api/v1/projects/{id}", { params: { path: { id: project.id } }, body }));
    cache.setQueryData(projectQuery(project.id).queryKey, saved);
    toast.say(w.saved);
    await cache.invalidateQueries({ queryKey: projectsQuery.queryKey });
  }
  const fields = (errors: ReadonlyMap<string, string>) => (
    <fieldset disabled={!editable} className="grid gap-4">
      <Field label={t.common.name} name="name" required maxLength={200} defaultValue={project.name} error={errors.get("name")} />
      <Field label={t.task.description} name="description" maxLength={2000} defaultValue={project.description} error={errors.get("description")} />
      <div className="grid gap-4 sm:grid-cols-3">
        <Field label={t.project.key} value={project.key} readOnly hint={w.keyHint} />
        <SelectField label={w.status} name="status" defaultValue={project.status}>
          {Object.entries(t.projectStatus).map(([status, name]) => <option key={status} value={status}>{name}</option>)}
        </SelectField>
        <Field label={t.project.color} name="color" type="color" defaultValue={project.color ?? "#0d6656"} error={errors.get("color")} />
      </div>
      <div className="grid gap-4 sm:grid-cols-2">
        <Field label={w.begins} name="begins" type="date" defaultValue={project.start_date ?? ""} error={errors.get("start_date")} />
        <Field label={w.ends} name="ends" type="date" defaultValue={project.end_date ?? ""} error={errors.get("end_date")} />
      </div>
      <Check name="open" defaultChecked={project.public} label={<>{w.open} <span className="block text-sm text-ink-2">{w.openHint}</span></>} />
    </fieldset>
  );
  return (
    <Section title={w.general}>
      {editable ? <Form action={t.common.save} send={save}>{fields}</Form> : fields(new Map())}
    </Section>
  );
}
