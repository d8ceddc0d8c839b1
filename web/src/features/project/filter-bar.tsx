import { queryOptions, useQuery, useQueryClient } from "@tanstack/react-query";
import { Bookmark, Filter, X } from "lucide-react";
import { useState } from "react";

import { usePeople } from "~/features/session/queries";
import { PRIORITIES, STATUSES } from "~/features/task/model";
import { api, ask, Problem, whole } from "~/lib/api/client";
import { t } from "~/lib/i18n";
import { Button, IconButton } from "~/ui/button";
import { Dialog } from "~/ui/dialog";
import { Check, Field } from "~/ui/field";
import { Form } from "~/ui/form";
import { PriorityGlyph, StatusGlyph } from "~/ui/glyphs";
import { Menu, MenuCheck, MenuItem, MenuLabel, MenuLine } from "~/ui/menu";

import { has, quoted, toggled } from "./filter";
import { labelsQuery } from "./queries";

type Props = { projectId: string; filter: string; error: Error | null; onChange: (filter: string) => void };

/** The filter as text, and menus that write it. */
export function FilterBar({ projectId, filter, error, onChange }: Props) {
  const [typed, setTyped] = useState(filter);
  const wrong = error instanceof Problem && error.status === 422 ? error.message : null;
  return (
    <div className="px-4 pb-3 md:px-6">
      <form role="search" className="flex items-center gap-1.5" onSubmit={(event) => {
        event.preventDefault();
        onChange(typed.trim());
      }}>
        <AddFilter projectId={projectId} filter={filter} onChange={onChange} />
        <div className="relative min-w-0 flex-1 md:max-w-xl">
          <input aria-label={t.filter.label} placeholder={t.filter.hint} value={typed} maxLength={2000} spellCheck={false} aria-invalid={wrong !== null}
            aria-describedby={wrong ? "filter-wrong" : undefined}
            onChange={(event) => setTyped(event.target.value)}
            className="min-h-8 w-full rounded-lg border border-line bg-surface px-2.5 pr-8 text-sm shadow-card placeholder:text-ink-2" />
          {filter && <IconButton label={t.filter.clear} className="absolute top-0 right-0" onClick={() => onChange("")}><X size={14} /></IconButton>}
        </div>
        <SavedViews projectId={projectId} filter={filter} onChoose={onChange} />
      </form>
      {wrong && <p id="filter-wrong" role="alert" className="mt-1 text-sm text-danger">{wrong}</p>}
    </div>
  );
}

function AddFilter({ projectId, filter, onChange }: Omit<Props, "error">) {
  const { all } = usePeople();
  const { data: labels = [] } = useQuery(labelsQuery(projectId));
  const entry = (part: string, children: React.ReactNode) => (
    <MenuCheck key={part} checked={has(filter, part)} onChange={() => onChange(toggled(filter, part))}>{children}</MenuCheck>
  );
  return (
    <Menu trigger={<Button className="text-sm"><Filter size={14} aria-hidden /><span className="max-sm:sr-only">{t.filter.add}</span></Button>}>
      {entry("assignee:me", t.filter.mine)}
      {entry("is:open", t.filter.open)}
      {entry("is:overdue", t.filter.overdue)}
      {entry("due:7d", t.filter.week)}
      {entry("is:blocked", t.filter.blocked)}
      <MenuLine />
      <MenuLabel>{t.task.status}</MenuLabel>
      {STATUSES.map((status) => entry(`status:${status}`, <><StatusGlyph status={status} />{t.status[status]}</>))}
      <MenuLine />
      <MenuLabel>{t.task.priority}</MenuLabel>
      {PRIORITIES.map((priority) => entry(`priority:${priority}`, <><PriorityGlyph priority={priority} />{t.priority[priority]}</>))}
      {labels.length > 0 && <><MenuLine /><MenuLabel>{t.task.labels}</MenuLabel></>}
      {labels.map((label) => entry(`label:${quoted(label.name)}`, label.name))}
      <MenuLine />
      <MenuLabel>{t.task.assignees}</MenuLabel>
      {entry("assignee:none", t.task.nobody)}
      {all.map((person) => entry(`assignee:${quoted(person.name)}`, person.name))}
    </Menu>
  );
}

type Choose = { projectId: string; filter: string; onChoose: (filter: string) => void };

const viewsQuery = (projectId: string) => queryOptions({
  queryKey: ["views", projectId],
  queryFn: ({ signal }) => whole((cursor) => ask(api.GET("/api/v1/views", { params: { query: { project_id: projectId, limit: 200, ...(cursor && { cursor }) } }, signal }))),
  staleTime: 60_000,
});

/** Read when they are first looked at. */
function Views({ projectId, filter, onChoose }: Choose) {
  const { data: views } = useQuery(viewsQuery(projectId));
  if (views?.length === 0) return <MenuLabel>{t.filter.noneSaved}</MenuLabel>;
  return views?.map((view) => <MenuItem key={view.id} chosen={view.filter === filter} onSelect={() => onChoose(view.filter)}>{view.name}</MenuItem>);
}

function SavedViews({ projectId, filter, onChoose }: Choose) {
  const cache = useQueryClient();
  const [naming, setNaming] = useState(false);
  const { queryKey } = viewsQuery(projectId);
  return (
    <>
      <Menu align="end" trigger={<Button className="text-sm"><Bookmark size={14} aria-hidden /><span className="max-sm:sr-only">{t.filter.saved}</span></Button>}>
        <Views projectId={projectId} filter={filter} onChoose={onChoose} />
        <MenuLine />
        <MenuItem disabled={!filter} onSelect={() => setTimeout(() => setNaming(true))}>{t.filter.save}</MenuItem>
      </Menu>
      {naming && (
        <Dialog title={t.filter.save} onClose={() => setNaming(false)}>
          <Form action={t.common.save} send={async ({ name = "", shared }) => {
            await ask(api.POST("/api/v1/views", { body: { name, filter, project_id: projectId, shared: shared === "on" } }));
            await cache.invalidateQueries({ queryKey });
            setNaming(false);
          }}>
            {(errors) => (
              <>
                <p className="rounded-lg bg-sunken px-3 py-2 font-mono text-sm break-all">{filter}</p>
                <Field label={t.common.name} name="name" required maxLength={200} error={errors.get("name")} />
                <Check label={t.filter.share} name="shared" />
              </>
            )}
          </Form>
        </Dialog>
      )}
    </>
  );
}
