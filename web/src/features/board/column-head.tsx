// What stands above a column: its name, its count and limit, and what can be done with it.
import { useQueryClient } from "@tanstack/react-query";
import clsx from "clsx";
import { ArrowLeft, ArrowRight, MoreHorizontal, Pencil, Plus, Trash2 } from "lucide-react";
import { lazy, Suspense, useRef, useState } from "react";

import { addTask } from "~/features/task/cache";
import { api, ask } from "~/lib/api/client";
import { t } from "~/lib/i18n";
import { IconButton } from "~/ui/button";
import { inputClass } from "~/ui/field";
import { StatusGlyph } from "~/ui/glyphs";
import { Menu, MenuItem, MenuLine } from "~/ui/menu";
import { toast } from "~/ui/toasts";

import { cardsOf, overLimit, type Board, type Column } from "./arrangement";
import { useColumnDrag } from "./column-drag";
import { moveColumn } from "./columns";
import { w } from "./words";

const EditColumn = lazy(() => import("./column-dialogs").then((module) => ({ default: module.EditColumn })));
const RemoveColumn = lazy(() => import("./column-dialogs").then((module) => ({ default: module.RemoveColumn })));

type Props = { column: Column; filtered: boolean; editable: boolean; manageable: boolean; onAdd: () => void };

export function ColumnHead({ column, filtered, editable, manageable, onAdd }: Props) {
  const ref = useRef<HTMLElement>(null);
  const { edge, dragged } = useColumnDrag(ref, column.id, manageable);
  const tooMany = overLimit(column);
  return (
    <header ref={ref} data-column-head={column.id} className={clsx("relative flex items-center gap-2 px-3 pt-2.5 pb-1.5", manageable && "cursor-grab", dragged && "opacity-40")}>
      {edge && <span aria-hidden className={clsx("absolute inset-y-1 w-0.5 rounded bg-accent", edge === "left" ? "-left-2" : "-right-2")} />}
      <StatusGlyph status={column.category} />
      <h2 className="truncate font-semibold">{column.name}</h2>
      <span className={clsx("rounded-full px-1.5 text-xs tabular-nums", tooMany ? "bg-warn-tint font-semibold text-warn" : "text-ink-2")}
        title={column.wip_limit ? t.board.limit(column.wip_limit) : undefined}>
        {filtered ? `${cardsOf(column).length} / ` : ""}{column.total}{column.wip_limit ? ` / ${column.wip_limit}` : ""}
      </span>
      {tooMany && <span className="sr-only">{t.board.overLimit}</span>}
      <span className="flex-1" />
      {editable && <IconButton label={t.board.addTo(column.name)} className="size-7" onClick={onAdd}><Plus size={16} /></IconButton>}
      {manageable && <ColumnMenu column={column} />}
    </header>
  );
}

function ColumnMenu({ column }: { column: Column }) {
  const cache = useQueryClient();
  const [open, setOpen] = useState<"edit" | "remove" | null>(null);
  const columns = cache.getQueryData<Board>(["board", column.board_id])?.columns ?? [];
  const at = columns.findIndex((other) => other.id === column.id);
  const [before, after] = [columns[at - 1], columns[at + 1]];
  const close = () => setOpen(null);
  return (
    <>
      <Menu align="end" trigger={<IconButton label={w.column.more(column.name)} className="-mx-1 size-7"><MoreHorizontal size={16} /></IconButton>}>
        <MenuItem onSelect={() => setTimeout(() => setOpen("edit"))}><Pencil size={15} />{w.column.edit}</MenuItem>
        <MenuItem disabled={!before} onSelect={() => before && void moveColumn(cache, column, { before_id: before.id })}><ArrowLeft size={15} />{w.column.left}</MenuItem>
        <MenuItem disabled={!after} onSelect={() => after && void moveColumn(cache, column, { after_id: after.id })}><ArrowRight size={15} />{w.column.right}</MenuItem>
        <MenuLine />
        <MenuItem danger disabled={columns.length < 2} onSelect={() => setTimeout(() => setOpen("remove"))}><Trash2 size={15} />{w.column.remove}</MenuItem>
      </Menu>
      <Suspense fallback={null}>
        {open === "edit" && <EditColumn boardId={column.board_id} column={column} onClose={close} />}
        {open === "remove" && <RemoveColumn column={column} others={columns.filter((other) => other.id !== column.id)} onClose={close} />}
      </Suspense>
    </>
  );
}

/** Stands after the last column. */
export function NewColumn({ boardId }: { boardId: string }) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <button type="button" onClick={() => setOpen(true)}
        className="flex min-h-11 w-[min(12rem,86vw)] shrink-0 items-center gap-2 rounded-2xl border border-line-strong px-3 text-ink-2 hover:bg-sunken hover:text-ink">
        <Plus size={16} aria-hidden />{w.column.add}
      </button>
      {open && <Suspense fallback={null}><EditColumn boardId={boardId} onClose={() => setOpen(false)} /></Suspense>}
    </>
  );
}

/** Title after title; Escape or an empty one ends it. */
export function QuickAdd({ columnId, onClose }: { columnId: string; onClose: () => void }) {
  const cache = useQueryClient();
  const [title, setTitle] = useState("");
  async function add() {
    const wanted = title.trim();
    if (!wanted) return onClose();
    setTitle("");
    try {
      addTask(cache, await ask(api.POST("/api/v1/columns/{id}/cards", { params: { path: { id: columnId } }, body: { title: wanted } })));
    } catch (error) {
      setTitle(wanted);
      toast.failed(error);
    }
  }
  return (
    <form className="p-2 pt-0" onSubmit={(event) => {
      event.preventDefault();
      void add();
    }}>
      <input aria-label={t.task.title} placeholder={t.board.quickAdd} maxLength={200} value={title} className={inputClass}
        // Asked for by the press that opened it.
        // eslint-disable-next-line jsx-a11y/no-autofocus
        autoFocus
        onChange={(event) => setTitle(event.target.value)}
        onKeyDown={(event) => event.key === "Escape" && onClose()}
        onBlur={() => !title.trim() && onClose()} />
    </form>
  );
}
