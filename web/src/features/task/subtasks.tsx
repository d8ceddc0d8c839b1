import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { TaskLine } from "~/features/project/list-view";
import { api, ask } from "~/lib/api/client";
import { t } from "~/lib/i18n";
import { toast } from "~/ui/toasts";

import { addTask } from "./cache";
import type { FullTask } from "./model";
import { subtasksQuery, taskQuery } from "./queries";

export function Subtasks({ task, editable }: { task: FullTask; editable: boolean }) {
  const cache = useQueryClient();
  const { data = [] } = useQuery(subtasksQuery(task.id));
  const [title, setTitle] = useState("");
  async function add() {
    const wanted = title.trim();
    if (!wanted) return;
    setTitle("");
    try {
      addTask(cache, await ask(api.POST("/api/v1/tasks/{id}/subtasks", { params: { path: { id: task.id } }, body: { title: wanted } })));
      await Promise.all([cache.invalidateQueries({ queryKey: ["subtasks", task.id] }), cache.invalidateQueries({ queryKey: taskQuery(task.key).queryKey })]);
    } catch (error) {
      setTitle(wanted);
      toast.failed(error);
    }
  }
  if (data.length === 0 && !editable) return null;
  return (
    <section aria-label={t.task.subtasks}>
      <h3 className="mb-1 text-sm font-semibold">{t.task.subtasks}</h3>
      {data.length > 0 && <ul className="mb-1 divide-y divide-line overflow-hidden rounded-xl border border-line">{data.map((child) => <li key={child.id}><TaskLine task={child} /></li>)}</ul>}
      {editable && (
        <form onSubmit={(event) => {
          event.preventDefault();
          void add();
        }}>
          <input aria-label={t.task.addSubtask} placeholder={t.task.addSubtask} value={title} maxLength={200} onChange={(event) => setTitle(event.target.value)}
            className="min-h-8 w-full rounded-lg border border-transparent bg-transparent px-1 placeholder:text-ink-2 hover:border-line focus:border-line-strong" />
        </form>
      )}
    </section>
  );
}
