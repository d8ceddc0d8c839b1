import { useQuery, useQueryClient } from "@tanstack/react-query";
import { X } from "lucide-react";
import { useRef, type ReactNode } from "react";

import { clear, useSelection } from "~/features/board/selection";
import { findCard, type Board } from "~/features/board/arrangement";
import { usePeople } from "~/features/session/queries";
import { useKeys, type Keys } from "~/features/shell/keys";
import { PRIORITIES, STATUSES, type Task } from "~/features/task/model";
import { api, ask, type Schemas } from "~/lib/api/client";
import { plusDays, today } from "~/lib/dates";
import { t } from "~/lib/i18n";
import { Button, IconButton } from "~/ui/button";
import { PriorityGlyph, StatusGlyph } from "~/ui/glyphs";
import { Menu, MenuItem } from "~/ui/menu";
import { toast } from "~/ui/toasts";

import { reversal } from "./bulk";
import { labelsQuery } from "./queries";

type Change = Schemas["Change"];

const NO_KEYS: Keys = {};

/** Changes to all that is selected, in one request; one press takes all of it back. */
export function BulkBar({ projectId }: { projectId: string }) {
  const cache = useQueryClient();
  const chosen = useSelection();
  const { all } = usePeople();
  const { data: labels = [] } = useQuery({ ...labelsQuery(projectId), enabled: chosen.size > 0 });
  const bar = useRef<HTMLDivElement>(null);
  const opening = (key: string) => () => {
    const trigger = bar.current?.querySelector<HTMLElement>(`[data-opens-by="${key}"]`);
    trigger?.focus();
    // Menus open by a key or by a press of the pointer, not by a click.
    trigger?.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true }));
  };
  useKeys(chosen.size ? { s: opening("s"), p: opening("p"), a: opening("a"), l: opening("l"), d: opening("d") } : NO_KEYS);
  if (chosen.size === 0) return null;

  async function change(change: Change) {
    const ids = [...chosen];
    const before = known();
    try {
      const { items } = await ask(api.POST("/api/v1/tasks/bulk", { body: { items: ids.map((id) => ({ id })), change } }));
      const refused = items.filter((item) => item.problem);
      const done = items.filter((item) => !item.problem).map((item) => item.id);
      clear();
      const undo = change.delete ? () => restore(done) : () => takeBack(before.filter((task) => done.includes(task.id)), change);
      toast.say(t.bulk.done(done.length, refused.length, refused[0]?.problem?.detail ?? ""), { label: t.common.undo, run: () => void undo().catch(toast.failed) });
    } catch (error) {
      toast.failed(error);
    } finally {
      await refresh();
    }
  }

  /** The selected tasks as they are now, as far as the screen knows them. */
  function known(): Task[] {
    const boards = cache.getQueriesData<Board>({ queryKey: ["board"] });
    const lists = cache.getQueriesData<{ pages: { items: Task[] }[] }>({ queryKey: ["tasks"] });
    return [...chosen].flatMap((id) => {
      for (const [, board] of boards) {
        const card = board && findCard(board, id);
        if (card) return card;
      }
      return lists.flatMap(([, list]) => list?.pages.flatMap((page) => page.items.filter((task) => task.id === id)) ?? [])[0] ?? [];
    });
  }

  async function takeBack(tasks: Task[], change: Change) {
    for (const { ids, change: back } of reversal(tasks, change)) {
      await ask(api.POST("/api/v1/tasks/bulk", { body: { items: ids.map((id) => ({ id })), change: back } }));
    }
    await refresh();
  }

  async function restore(ids: string[]) {
    for (const id of ids) await ask(api.POST("/api/v1/tasks/{id}/restore", { params: { path: { id } } }));
    await refresh();
  }

  const refresh = () => Promise.all([
    cache.invalidateQueries({ queryKey: ["board"] }),
    cache.invalidateQueries({ queryKey: ["tasks", projectId] }),
    cache.invalidateQueries({ queryKey: ["task"] }),
  ]);

  return (
    <div ref={bar} role="toolbar" aria-label={t.bulk.label} className="rise fixed inset-x-3 bottom-4 z-20 mx-auto flex w-fit max-w-[calc(100vw-1.5rem)] flex-wrap items-center gap-1 rounded-2xl border border-line bg-raised p-1.5 shadow-float">
      <span className="px-2 font-medium tabular-nums">{t.bulk.selected(chosen.size)}</span>
      <Choice opensBy="s" label={t.task.status}>
        {STATUSES.map((status) => <MenuItem key={status} onSelect={() => void change({ status })}><StatusGlyph status={status} />{t.status[status]}</MenuItem>)}
      </Choice>
      <Choice opensBy="p" label={t.task.priority}>
        {PRIORITIES.map((priority) => <MenuItem key={priority} onSelect={() => void change({ priority })}><PriorityGlyph priority={priority} />{t.priority[priority]}</MenuItem>)}
      </Choice>
      <Choice opensBy="a" label={t.task.assignees}>
        <MenuItem onSelect={() => void change({ assignee_ids: [] })}>{t.task.nobody}</MenuItem>
        {all.map((person) => <MenuItem key={person.id} onSelect={() => void change({ assignee_ids: [person.id] })}>{person.name}</MenuItem>)}
      </Choice>
      {labels.length > 0 && (
        <Choice opensBy="l" label={t.task.labels}>
          {labels.map((label) => <MenuItem key={label.id} onSelect={() => void change({ add_label_ids: [label.id] })}>{label.name}</MenuItem>)}
        </Choice>
      )}
      <Choice opensBy="d" label={t.task.due}>
        {([["today", 0], ["tomorrow", 1], ["nextWeek", 7]] as const).map(([name, days]) => (
          <MenuItem key={name} onSelect={() => void change({ due_date: plusDays(today(), days) })}>{t.bulk.days[name]}</MenuItem>
        ))}
        <MenuItem onSelect={() => void change({ due_date: null })}>{t.task.noDate}</MenuItem>
      </Choice>
      <Button kind="danger" onClick={() => void change({ delete: true })}>{t.task.remove}</Button>
      <IconButton label={t.bulk.clear} onClick={clear}><X size={16} /></IconButton>
    </div>
  );
}

/** Its key is the one that opens the same menu on a card. */
function Choice({ label, opensBy, children }: { label: string; opensBy: string; children: ReactNode }) {
  return <Menu trigger={<Button kind="quiet" data-opens-by={opensBy}>{label}</Button>}>{children}</Menu>;
}
