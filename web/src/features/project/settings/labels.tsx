import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Plus, Trash2 } from "lucide-react";
import { useState } from "react";

import { api, ask, type Schemas } from "~/lib/api/client";
import { t } from "~/lib/i18n";
import { Button, IconButton } from "~/ui/button";
import { Dialog } from "~/ui/dialog";
import { inputClass } from "~/ui/field";
import { Skeleton } from "~/ui/notice";
import { toast } from "~/ui/toasts";

import { labelsQuery } from "../queries";
import { Section } from "./section";
import { w } from "./words";

type Label = Schemas["LabelView"];

const FIRST_COLOR = "#2b6580";

const colorClass = "h-9 w-11 shrink-0 rounded-lg border border-line-strong bg-surface p-1";

/** Runs a change and reads the labels again. */
function useChange(projectId: string) {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: (change: () => Promise<unknown>) => change(),
    onError: toast.failed,
    onSettled: () => cache.invalidateQueries({ queryKey: labelsQuery(projectId).queryKey }),
  });
}

export function Labels({ projectId, editable }: { projectId: string; editable: boolean }) {
  const { data: labels } = useQuery(labelsQuery(projectId));
  return (
    <Section title={w.labels} hint={w.labelsHint}>
      {!labels && <Skeleton className="h-20" />}
      {labels?.length === 0 && <p className="text-ink-2">{w.noLabels}</p>}
      {labels && labels.length > 0 && (
        <ul className="grid gap-2">
          {labels.map((label) => <li key={`${label.id}.${label.version}`}>{editable ? <EditLabel label={label} /> : <ShownLabel label={label} />}</li>)}
        </ul>
      )}
      {editable && <NewLabel projectId={projectId} />}
    </Section>
  );
}

function ShownLabel({ label }: { label: Label }) {
  return <span className="inline-flex items-center gap-2"><svg viewBox="0 0 8 8" aria-hidden className="size-2.5"><circle cx="4" cy="4" r="4" fill={label.color ?? "var(--line-strong)"} /></svg>{label.name}</span>;
}

/** Saved when one leaves the field. */
function EditLabel({ label }: { label: Label }) {
  const { mutate } = useChange(label.project_id);
  const [removing, setRemoving] = useState(false);
  const path = { id: label.project_id, label_id: label.id };
  const patch = (body: Schemas["PatchLabel"]) => mutate(() => ask(api.PATCH("/api/v1/projects/{id}/labels/{label_id}", { params: { path }, body: { ...body, version: label.version } })));
  return (
    <div className="flex items-center gap-2">
      <input type="color" aria-label={w.labelColor(label.name)} defaultValue={label.color ?? FIRST_COLOR} className={colorClass}
        onBlur={(event) => event.target.value !== (label.color ?? FIRST_COLOR) && patch({ color: event.target.value })} />
      <input aria-label={w.labelName(label.name)} defaultValue={label.name} maxLength={60} className={inputClass}
        onKeyDown={(event) => event.key === "Enter" && event.currentTarget.blur()}
        onBlur={(event) => {
          const name = event.target.value.trim();
          if (name && name !== label.name) patch({ name });
          else event.target.value = label.name;
        }} />
      <IconButton label={w.removeLabel(label.name)} onClick={() => setRemoving(true)}><Trash2 size={16} /></IconButton>
      {removing && (
        <Dialog title={w.removeLabel(label.name)} onClose={() => setRemoving(false)}>
          <p className="mb-4">{w.removeLabelHint(label.name)}</p>
          <div className="flex justify-end gap-2">
            <Button onClick={() => setRemoving(false)}>{t.common.cancel}</Button>
            <Button kind="danger" onClick={() => {
              setRemoving(false);
              mutate(() => ask(api.DELETE("/api/v1/projects/{id}/labels/{label_id}", { params: { path } })));
            }}>{t.common.remove}</Button>
          </div>
        </Dialog>
      )}
    </div>
  );
}

function NewLabel({ projectId }: { projectId: string }) {
  const { mutate, isPending } = useChange(projectId);
  const [name, setName] = useState("");
  const [color, setColor] = useState(FIRST_COLOR);
  return (
    <form className="flex flex-wrap items-center gap-2 border-t border-line pt-4" onSubmit={(event) => {
      event.preventDefault();
      if (!name.trim()) return;
      mutate(() => ask(api.POST("/api/v1/projects/{id}/labels", { params: { path: { id: projectId } }, body: { name: name.trim(), color } })), { onSuccess: () => setName("") });
    }}>
      <input type="color" aria-label={w.newColor} value={color} onChange={(event) => setColor(event.target.value)} className={colorClass} />
      <input aria-label={w.newLabel} placeholder={w.newLabel} value={name} maxLength={60} onChange={(event) => setName(event.target.value)} className={`${inputClass} min-w-32 flex-1`} />
      <Button type="submit" disabled={isPending}><Plus size={16} aria-hidden />{w.addLabel}</Button>
    </form>
  );
}
