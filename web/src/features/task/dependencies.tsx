import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { X } from "lucide-react";
import { useState } from "react";

import { api, ask, type Schemas } from "~/lib/api/client";
import { t } from "~/lib/i18n";
import { Button, IconButton } from "~/ui/button";
import { inputClass } from "~/ui/field";
import { StatusGlyph } from "~/ui/glyphs";
import { toast } from "~/ui/toasts";

import type { FullTask } from "./model";
import { dependenciesQuery } from "./queries";

type Dependency = Schemas["DependencyView"];

/** Kinds that a person chooses from; the others come from programs and are shown. */
const CHOICES = ["finish_to_start", "relates", "duplicates"] as const;

function words({ kind, side }: Dependency): string {
  if (kind === "relates") return t.dependency.relates;
  if (kind === "duplicates") return side === "waits" ? t.dependency.duplicates : t.dependency.duplicated;
  return side === "waits" ? t.dependency.waits : t.dependency.blocks;
}

export function Dependencies({ task, editable }: { task: FullTask; editable: boolean }) {
  const cache = useQueryClient();
  const { data = [] } = useQuery(dependenciesQuery(task.id));
  const [adding, setAdding] = useState(false);
  const { mutate } = useMutation({
    mutationFn: (change: () => Promise<unknown>) => change(),
    onError: toast.failed,
    onSettled: () => cache.invalidateQueries({ queryKey: ["dependencies"] }),
  });
  const remove = (id: string) => mutate(() => ask(api.DELETE("/api/v1/tasks/{id}/dependencies/{dependency_id}", { params: { path: { id: task.id, dependency_id: id } } })));
  if (data.length === 0 && !editable) return null;
  return (
    <section aria-label={t.dependency.title}>
      {data.length > 0 && <h3 className="mb-1 text-sm font-semibold">{t.dependency.title}</h3>}
      <ul className="grid gap-1">
        {data.map((dependency) => (
          <li key={dependency.id} className="flex items-center gap-2 text-sm">
            <span className="w-28 shrink-0 text-ink-2">{words(dependency)}</span>
            <StatusGlyph status={dependency.other.status} />
            <Link to="." search={(old) => ({ ...old, task: dependency.other.key })} className="min-w-0 flex-1 truncate hover:underline">{dependency.other.key} {dependency.other.title}</Link>
            {editable && <IconButton label={t.dependency.remove(dependency.other.key)} className="size-6" onClick={() => remove(dependency.id)}><X size={13} /></IconButton>}
          </li>
        ))}
      </ul>
      {adding && <Add onClose={() => setAdding(false)} onAdd={(kind, key) => mutate(async () => {
        const other = await ask(api.GET("/api/v1/tasks/by-key/{key}", { params: { path: { key } } }));
        await ask(api.POST("/api/v1/tasks/{id}/dependencies", { params: { path: { id: task.id } }, body: { kind, other_id: other.id } }));
        setAdding(false);
      })} />}
      {editable && !adding && <Button kind="quiet" className="-ml-3 text-sm" onClick={() => setAdding(true)}>{t.dependency.add}</Button>}
    </section>
  );
}

function Add({ onAdd, onClose }: { onAdd: (kind: (typeof CHOICES)[number], key: string) => void; onClose: () => void }) {
  const [kind, setKind] = useState<(typeof CHOICES)[number]>("finish_to_start");
  const [key, setKey] = useState("");
  const names = { finish_to_start: t.dependency.waits, relates: t.dependency.relates, duplicates: t.dependency.duplicates };
  return (
    <form className="mt-1 flex flex-wrap gap-2" onSubmit={(event) => {
      event.preventDefault();
      if (key.trim()) onAdd(kind, key.trim());
    }}>
      <select aria-label={t.dependency.kind} value={kind} className={`${inputClass} w-auto!`} onChange={(event) => setKind(CHOICES.find((kind) => kind === event.target.value) ?? "relates")}>
        {CHOICES.map((kind) => <option key={kind} value={kind}>{names[kind]}</option>)}
      </select>
      <input aria-label={t.dependency.key} placeholder="APO-12" value={key} onChange={(event) => setKey(event.target.value)} className={`${inputClass} w-28!`}
        // Asked for by the press that opened it.
        // eslint-disable-next-line jsx-a11y/no-autofocus
        autoFocus />
      <Button type="submit" kind="primary">{t.common.add}</Button>
      <Button onClick={onClose}>{t.common.cancel}</Button>
    </form>
  );
}
