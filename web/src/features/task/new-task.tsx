import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useParams } from "@tanstack/react-router";

import { projectsQuery } from "~/features/project/queries";
import { usePeople, useMe } from "~/features/session/queries";
import { api, ask } from "~/lib/api/client";
import { t } from "~/lib/i18n";
import { Dialog } from "~/ui/dialog";
import { Field, SelectField } from "~/ui/field";
import { Form } from "~/ui/form";
import { Empty } from "~/ui/notice";
import { toast } from "~/ui/toasts";

import { addTask } from "./cache";
import { PRIORITIES, type Priority } from "./model";

/** A new task from anywhere; in the project that is open, unless another is chosen. */
export function NewTask({ onClose }: { onClose: () => void }) {
  const cache = useQueryClient();
  const navigate = useNavigate();
  const { projectId } = useParams({ strict: false });
  const { data: projects } = useQuery(projectsQuery);
  const { all } = usePeople();
  const me = useMe();
  return (
    <Dialog title={t.task.create} onClose={onClose}>
      {projects?.length === 0 && <Empty title={t.project.none}>{t.project.noneHint}</Empty>}
      {projects && projects.length > 0 && (
        <Form action={t.task.create} send={async ({ title = "", project = "", priority, assignee, due }) => {
          const task = await ask(api.POST("/api/v1/projects/{id}/tasks", {
            params: { path: { id: project } },
            body: { title, priority: PRIORITIES.find((known) => known === priority) ?? null, due_date: due || null, assignee_ids: assignee ? [assignee] : [] },
          }));
          addTask(cache, task);
          onClose();
          toast.say(t.task.created(task.key), {
            label: t.common.open,
            run: () => void navigate({ to: "/projects/$projectId", params: { projectId: project }, search: { task: task.key } }),
          });
        }}>
          {(errors) => (
            <>
              <Field label={t.task.title} name="title" required maxLength={200} error={errors.get("title")}
                // The dialog is opened to type here.
                // eslint-disable-next-line jsx-a11y/no-autofocus
                autoFocus />
              <div className="grid gap-4 sm:grid-cols-2">
                <SelectField label={t.project.one} name="project" defaultValue={projectId ?? projects[0]?.id}>
                  {projects.map((project) => <option key={project.id} value={project.id}>{project.name}</option>)}
                </SelectField>
                <SelectField label={t.task.priority} name="priority" defaultValue={"medium" satisfies Priority}>
                  {PRIORITIES.map((priority) => <option key={priority} value={priority}>{t.priority[priority]}</option>)}
                </SelectField>
                <SelectField label={t.task.assignees} name="assignee" defaultValue={me.user.id}>
                  <option value="">{t.task.nobody}</option>
                  {all.map((person) => <option key={person.id} value={person.id}>{person.name}</option>)}
                </SelectField>
                <Field label={t.task.due} name="due" type="date" error={errors.get("due_date")} />
              </div>
            </>
          )}
        </Form>
      )}
    </Dialog>
  );
}
