import { useQueryClient } from "@tanstack/react-query";
import { ArrowDownToLine, ArrowUpToLine, CheckSquare, Trash2 } from "lucide-react";
import type { ReactNode } from "react";

import { dropTask } from "~/features/task/cache";
import type { Task } from "~/features/task/model";
import { api, ask } from "~/lib/api/client";
import { t } from "~/lib/i18n";
import { StatusGlyph } from "~/ui/glyphs";
import { Menu, MenuItem, MenuLabel, MenuLine } from "~/ui/menu";
import { toast } from "~/ui/toasts";

import { cardsOf, type Board, type Move } from "./arrangement";
import { keepFocus } from "./focus";
import { useMove } from "./moves";
import { toggle } from "./selection";

/** What can be done with a card without dragging it (WCAG 2.2, 2.5.7). */
export function CardMenu({ task, boardId, trigger }: { task: Task; boardId: string; trigger: ReactNode }) {
  const cache = useQueryClient();
  const move = useMove(boardId);
  const board = cache.getQueryData<Board>(["board", boardId]);
  const column = board?.columns.find((column) => column.id === task.column_id);
  const others = column ? cardsOf(column).filter((card) => card.id !== task.id) : [];
  const go = (to: Omit<Move, "id">) => {
    keepFocus(task.id);
    move({ id: task.id, ...to });
  };
  const first = others[0];
  const last = others[others.length - 1];
  return (
    // The press that made the menu was meant to open it.
    <Menu align="end" trigger={trigger} defaultOpen>
      <MenuLabel>{t.board.moveTo}</MenuLabel>
      {board?.columns.map((column) => (
        <MenuItem key={column.id} disabled={column.id === task.column_id} chosen={column.id === task.column_id} onSelect={() => go({ column_id: column.id })}>
          <StatusGlyph status={column.category} />{column.name}
        </MenuItem>
      ))}
      <MenuLine />
      <MenuItem disabled={!first} onSelect={() => first && go({ column_id: task.column_id, before_id: first.id })}><ArrowUpToLine size={15} />{t.board.toTop}</MenuItem>
      <MenuItem disabled={!last} onSelect={() => last && go({ column_id: task.column_id, after_id: last.id })}><ArrowDownToLine size={15} />{t.board.toBottom}</MenuItem>
      <MenuLine />
      <MenuItem onSelect={() => toggle(task.id)}><CheckSquare size={15} />{t.board.select}</MenuItem>
      <MenuItem danger onSelect={() => void remove(task, (id) => dropTask(cache, id), () => void cache.invalidateQueries())}><Trash2 size={15} />{t.task.remove}</MenuItem>
    </Menu>
  );
}

/** Puts a task into the trash, with a way back. */
export async function remove(task: Task, gone: (id: string) => void, back: () => void): Promise<void> {
  const path = { path: { id: task.id } };
  try {
    await ask(api.DELETE("/api/v1/tasks/{id}", { params: path }));
    gone(task.id);
    toast.say(t.task.removed(task.key), {
      label: t.common.undo,
      run: () => void ask(api.POST("/api/v1/tasks/{id}/restore", { params: path })).then(back, toast.failed),
    });
  } catch (error) {
    toast.failed(error);
  }
}
