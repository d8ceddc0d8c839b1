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

/** Changes a task's checklists and reads them again; pending until that is read. */
function useChange<Wanted = void>(task: FullTask, change: (wanted: Wanted) => Promise<unknown>) {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: change,
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
  const add = useChange(task, (name: string) => ask(api.POST("/api/v1/tasks/{id}/checklists", { params: { path: { id: task.id } }, body: { name } })));
  if (data.length === 0 && !editable) return null;
  return (
    <section aria-label={t.task.checklists} className="grid gap-4">
      {data.map((list) => <List key={list.id} task={task} list={list} editable={editable} />)}
      {editable && <Button kind="quiet" className="-ml-3 justify-self-start text-sm" onClick={() => add.mutate(t.task.checklist)}><Plus size={14} aria-hidden />{t.task.addChecklist}</Button>}
    </section>
  );
}

function List({ task, list, editable }: { task: FullTask; list: Checklist; editable: boolean }) {
  const path = { id: task.id, checklist_id: list.id };
  const [text, setText] = useState("");
  const add = useChange(task, (text: string) => ask(api.POST("/api/v1/tasks/{id}/checklists/{checklist_id}/items", { params: { path }, body: { text } })));
  const remove = useChange(task, () => ask(api.DELETE("/api/v1/tasks/{id}/checklists/{checklist_id}", { params: { path } })));
  const { done, total } = list.progress;
  return (
    <div>
      <h3 className="mb-1 flex items-center gap-2 text-sm font-semibold">
        {list.name} <span className="font-normal text-ink-2 tabular-nums">{done}/{total}</span>
        {editable && <IconButton label={t.task.removeChecklist(list.name)} className="size-6" onClick={() => remove.mutate()}><X size={14} /></IconButton>}
      </h3>
      <progress aria-label={list.name} max={Math.max(total, 1)} value={done} className="mb-1.5 block h-1 w-full overflow-hidden rounded-full" />
      <ul>
        {list.items.map((item) => <Item key={item.id} task={task} list={list} item={item} editable={editable} />)}
      </ul>
      {editable && (
        <form onSubmit={(event) => {
          event.preventDefault();
          const wanted = text.trim();
          if (!wanted) return;
          setText("");
          add.mutate(wanted);
        }}>
          <input aria-label={t.task.addItem} placeholder={t.task.addItem} value={text} onChange={(event) => setText(event.target.value)} maxLength={500}
            className="min-h-8 w-full rounded-lg border border-transparent bg-transparent px-1 placeholder:text-ink-2 hover:border-line focus:border-line-strong" />
        </form>
      )}
    </div>
  );
}

function Item({ task, list, item, editable }: { task: FullTask; list: Checklist; item: Schemas["ItemView"]; editable: boolean }) {
  const params = { path: { id: task.id, checklist_id: list.id, item_id: item.id } };
  const tick = useChange(task, (done: boolean) => ask(api.PATCH("/api/v1/tasks/{id}/checklists/{checklist_id}/items/{item_id}", { params, body: { done } })));
  const remove = useChange(task, () => ask(api.DELETE("/api/v1/tasks/{id}/checklists/{checklist_id}/items/{item_id}", { params })));
  // What was wanted last shows until it is answered, whatever is read meanwhile.
  const done = tick.isPending ? tick.variables : item.done;
  return (
    <li className="group flex items-center gap-2 rounded-lg px-1 py-0.5 hover:bg-sunken">
      <label className="flex flex-1 items-center gap-2">
        <input type="checkbox" className="size-4 accent-accent" disabled={!editable} checked={done} onChange={(event) => tick.mutate(event.target.checked)} />
        <span className={done ? "text-ink-2 line-through" : ""}>{item.text}</span>
      </label>
      {editable && <IconButton label={t.task.removeItem(item.text)} className="size-6 opacity-0 group-hover:opacity-100 focus-visible:opacity-100 pointer-coarse:opacity-100"
        onClick={() => remove.mutate()}><X size={13} /></IconButton>}
    </li>
  );
}
