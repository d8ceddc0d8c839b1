import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Plus, X } from "lucide-react";
import { useState } from "react";

import { api, ask, type Schemas } from "~/lib/api/client";
import { t } from "~/lib/i18n";
import { Button, IconButton } from "~/ui/button";
import { toast } from "~/ui/toasts";

import type { FullTask } from "./model";
import { checklistsQuery, taskQuery } from "./queries";

type Checklist = Schemas["ChecklistView"];

/** Runs a change of a task's checklists and reads them again. */
function useChange(task: FullTask) {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: (change: () => Promise<unknown>) => change(),
    onError: toast.failed,
    onSettled: () => Promise.all([
      cache.invalidateQueries({ queryKey: ["checklists", task.id] }),
      cache.invalidateQueries({ queryKey: taskQuery(task.key).queryKey }),
      cache.invalidateQueries({ queryKey: ["board", task.board_id] }),
    ]),
  });
}

export function Checklists({ task, editable }: { task: FullTask; editable: boolean }) {
  const { data = [] } = useQuery(checklistsQuery(task.id));
  const { mutate } = useChange(task);
  const add = () => mutate(() => ask(api.POST("/api/v1/tasks/{id}/checklists", { params: { path: { id: task.id } }, body: { name: t.task.checklist } })));
  if (data.length === 0 && !editable) return null;
  return (
    <section aria-label={t.task.checklists} className="grid gap-4">
      {data.map((list) => <List key={list.id} task={task} list={list} editable={editable} />)}
      {editable && <Button kind="quiet" className="-ml-3 justify-self-start text-sm" onClick={add}><Plus size={14} aria-hidden />{t.task.addChecklist}</Button>}
    </section>
  );
}

function List({ task, list, editable }: { task: FullTask; list: Checklist; editable: boolean }) {
  const cache = useQueryClient();
  const { mutate } = useChange(task);
  const [text, setText] = useState("");
  const path = { id: task.id, checklist_id: list.id };
  const { done, total } = list.progress;
  const tick = (item: Schemas["ItemView"], done: boolean) => {
    cache.setQueryData(checklistsQuery(task.id).queryKey, (lists) => lists?.map((other) => (other.id === list.id ? ticked(other, item.id, done) : other)));
    mutate(() => ask(api.PATCH("/api/v1/tasks/{id}/checklists/{checklist_id}/items/{item_id}", { params: { path: { ...path, item_id: item.id } }, body: { done } })));
  };
  return (
    <div>
      <h3 className="mb-1 flex items-center gap-2 text-sm font-semibold">
        {list.name} <span className="font-normal text-ink-2 tabular-nums">{done}/{total}</span>
        {editable && <IconButton label={t.task.removeChecklist(list.name)} className="size-6" onClick={() => mutate(() => ask(api.DELETE("/api/v1/tasks/{id}/checklists/{checklist_id}", { params: { path } })))}><X size={14} /></IconButton>}
      </h3>
      <progress aria-label={list.name} max={Math.max(total, 1)} value={done} className="mb-1.5 block h-1 w-full overflow-hidden rounded-full" />
      <ul>
        {list.items.map((item) => (
          <li key={item.id} className="group flex items-center gap-2 rounded-lg px-1 py-0.5 hover:bg-sunken">
            <label className="flex flex-1 items-center gap-2">
              <input type="checkbox" className="size-4 accent-accent" disabled={!editable} checked={item.done} onChange={(event) => tick(item, event.target.checked)} />
              <span className={item.done ? "text-ink-2 line-through" : ""}>{item.text}</span>
            </label>
            {editable && <IconButton label={t.task.removeItem(item.text)} className="size-6 opacity-0 group-hover:opacity-100 focus-visible:opacity-100 pointer-coarse:opacity-100"
              onClick={() => mutate(() => ask(api.DELETE("/api/v1/tasks/{id}/checklists/{checklist_id}/items/{item_id}", { params: { path: { ...path, item_id: item.id } } })))}><X size={13} /></IconButton>}
          </li>
        ))}
      </ul>
      {editable && (
        <form onSubmit={(event) => {
          event.preventDefault();
          const wanted = text.trim();
          if (!wanted) return;
          setText("");
          mutate(() => ask(api.POST("/api/v1/tasks/{id}/checklists/{checklist_id}/items", { params: { path }, body: { text: wanted } })));
        }}>
          <input aria-label={t.task.addItem} placeholder={t.task.addItem} value={text} onChange={(event) => setText(event.target.value)} maxLength={500}
            className="min-h-8 w-full rounded-lg border border-transparent bg-transparent px-1 placeholder:text-ink-2 hover:border-line focus:border-line-strong" />
        </form>
      )}
    </div>
  );
}

function ticked(list: Checklist, id: string, done: boolean): Checklist {
  const items = list.items.map((item) => (item.id === id ? { ...item, done } : item));
  return { ...list, items, progress: { ...list.progress, done: items.filter((item) => item.done).length } };
}
