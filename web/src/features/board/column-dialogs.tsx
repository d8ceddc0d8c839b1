import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { STATUSES, type Status } from "~/features/task/model";
import { api, ask } from "~/lib/api/client";
import { t } from "~/lib/i18n";
import { Button } from "~/ui/button";
import { Dialog } from "~/ui/dialog";
import { Check, Field, SelectField } from "~/ui/field";
import { Form } from "~/ui/form";
import { toast } from "~/ui/toasts";

import type { Column } from "./arrangement";
import { removeColumn, renewBoard } from "./columns";
import { w } from "./words";

/** A column's name, meaning and limit; without a column, a new one. */
export function EditColumn({ boardId, column, onClose }: { boardId: string; column?: Column; onClose: () => void }) {
  const cache = useQueryClient();
  async function save({ name = "", category, limit, blocks }: Record<string, string>) {
    const body = { name, wip_limit: limit ? Number(limit) : null, limit_blocks: blocks === "on" };
    const status = STATUSES.find((known) => known === category);
    if (!column) await ask(api.POST("/api/v1/boards/{id}/columns", { params: { path: { id: boardId } }, body: { ...body, category: status ?? "todo" } }));
    else {
      const changed: Status | undefined = status === column.category ? undefined : status;
      await ask(api.PATCH("/api/v1/columns/{id}", { params: { path: { id: column.id } }, body: { ...body, ...(changed && { category: changed }) } }));
    }
    await renewBoard(cache, boardId);
    onClose();
  }
  const full = (column?.total ?? 0) > 0;
  return (
    <Dialog title={column ? w.column.title : w.column.add} onClose={onClose}>
      <Form action={column ? t.common.save : w.column.add} send={save}>
        {(errors) => (
          <>
            <Field label={t.common.name} name="name" required maxLength={200} defaultValue={column?.name ?? ""} error={errors.get("name")}
              // The dialog is opened to type here.
              // eslint-disable-next-line jsx-a11y/no-autofocus
              autoFocus />
            <SelectField label={w.column.category} name="category" disabled={full} defaultValue={column?.category ?? "in_progress"}>
              {STATUSES.map((status) => <option key={status} value={status}>{t.status[status]}</option>)}
            </SelectField>
            {full && <p className="-mt-3 text-sm text-ink-2">{w.column.categoryHint}</p>}
            <Field label={w.column.limit} name="limit" type="number" min={1} max={10_000} hint={w.column.limitHint} defaultValue={column?.wip_limit ?? ""} error={errors.get("wip_limit")} />
            <Check label={w.column.blocks} name="blocks" defaultChecked={column?.limit_blocks ?? false} />
          </>
        )}
      </Form>
    </Dialog>
  );
}

/** Deletes a column, and asks where its tasks are to go. */
export function RemoveColumn({ column, others, onClose }: { column: Column; others: readonly Column[]; onClose: () => void }) {
  const cache = useQueryClient();
  const [heir, setHeir] = useState(others[0]?.id ?? "");
  const [moved, setMoved] = useState<number | null>(null);
  const busy = moved !== null;
  async function remove() {
    setMoved(0);
    try {
      await removeColumn(column, heir || null, setMoved);
      onClose();
    } catch (error) {
      toast.failed(error);
      setMoved(null);
    } finally {
      await renewBoard(cache, column.board_id);
    }
  }
  return (
    <Dialog title={w.column.removeTitle(column.name)} onClose={() => busy || onClose()}>
      <div className="grid gap-4">
        <p>{column.total ? w.column.fullHint(column.total) : w.column.emptyHint}</p>
        {column.total > 0 && (
          <SelectField label={w.column.heir} value={heir} disabled={busy} onChange={(event) => setHeir(event.target.value)}>
            {others.map((other) => <option key={other.id} value={other.id}>{other.name}</option>)}
          </SelectField>
        )}
        {busy && column.total > 0 && (
          <p role="status" className="grid gap-1 text-sm text-ink-2">
            <progress aria-label={w.column.moving(moved, column.total)} value={moved} max={column.total} className="h-1.5 w-full overflow-hidden rounded-full" />{w.column.moving(moved, column.total)}
          </p>
        )}
        <div className="flex justify-end gap-2">
          <Button disabled={busy} onClick={onClose}>{t.common.cancel}</Button>
          <Button kind="danger" disabled={busy} onClick={() => void remove()}>{w.column.removeNow}</Button>
        </div>
      </div>
    </Dialog>
  );
}
