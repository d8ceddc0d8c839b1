import { useQuery } from "@tanstack/react-query";
import { ChevronRight, Pencil, Plus, Trash2 } from "lucide-react";
import { useState } from "react";

import { useMay, useMe } from "~/features/session/queries";
import { Failed } from "~/features/shell/failed";
import { api, ask, Problem } from "~/lib/api/client";
import { Button, IconButton } from "~/ui/button";
import { Dialog } from "~/ui/dialog";
import { Field } from "~/ui/field";
import { Form } from "~/ui/form";
import { Skeleton } from "~/ui/notice";

import { Confirm, Screen } from "./parts";
import { PERMISSIONS } from "./permissions";
import { ifMatch, rolesQuery, useAct, type Role } from "./queries";
import { choiceOf, reaches } from "./reach";
import { roleName } from "./role-options";
import { Allowed, Scopes } from "./scopes";
import { w } from "./words";

export function Roles() {
  const { data, error, refetch } = useQuery(rolesQuery);
  const me = useMe();
  const mayManage = useMay("role:manage");
  const [editing, setEditing] = useState<Role | "new" | null>(null);
  const [removing, setRemoving] = useState<Role | null>(null);
  const act = useAct(["roles"]);
  const own = data?.filter((role) => !role.built_in) ?? [];
  return (
    <Screen title={w.sections.roles} hint={w.roles.hint}
      action={mayManage && <Button kind="primary" onClick={() => setEditing("new")}><Plus size={16} aria-hidden />{w.roles.create}</Button>}>
      {error && !data && <Failed error={error} again={refetch} />}
      {!data && !error && <Skeleton className="h-72" />}
      {data && (
        <>
          <section aria-label={w.roles.own} className="grid gap-2">
            <h2 className="text-sm font-semibold text-ink-2">{w.roles.own}</h2>
            {own.length === 0 && <p className="rounded-2xl border border-dashed border-line px-4 py-5 text-ink-2">{w.roles.noneOwn}. {mayManage && w.roles.noneOwnHint}</p>}
            {own.map((role) => <One key={role.id} role={role} {...(mayManage && reaches(me, role) && { onEdit: () => setEditing(role), onRemove: () => setRemoving(role) })} />)}
          </section>
          <section aria-label={w.roles.builtIn} className="grid gap-2">
            <h2 className="text-sm font-semibold text-ink-2">{w.roles.builtIn}</h2>
            {data.filter((role) => role.built_in).map((role) => <One key={choiceOf(role)} role={role} />)}
          </section>
        </>
      )}
      {editing && <Edit role={editing === "new" ? null : editing} onClose={() => setEditing(null)} />}
      {removing?.id && (
        <Confirm title={w.roles.removeTitle(removing.name)} action={w.roles.removeNow} onClose={() => setRemoving(null)}
          onConfirm={() => act(() => ask(api.DELETE("/api/v1/roles/{id}", { params: { path: { id: removing.id ?? "" } } })))}>
          <p>{removing.members > 0 ? w.codes["role_in_use"] : w.roles.removeHint}</p>
        </Confirm>
      )}
    </Screen>
  );
}

function One({ role, onEdit, onRemove }: { role: Role; onEdit?: () => void; onRemove?: () => void }) {
  const name = roleName(role);
  return (
    <details className="group rounded-2xl border border-line bg-surface shadow-card">
      <summary className="flex list-none items-center gap-3 rounded-2xl px-4 py-3 group-open:rounded-b-none hover:bg-sunken">
        <ChevronRight size={16} aria-hidden className="shrink-0 text-ink-2 group-open:rotate-90" />
        <span className="min-w-0 flex-1">
          <span className="block font-medium">{name}</span>
          <span className="block text-sm text-ink-2">{role.built_in ? w.roles.builtInHints[role.name] : role.description}</span>
        </span>
        <span className="text-right text-sm text-ink-2 tabular-nums">{w.roles.members(role.members)} <span className="max-sm:hidden">· {w.roles.permissions(role.permissions.length)}</span></span>
      </summary>
      <div className="grid gap-3 border-t border-line px-4 py-3">
        <Allowed permissions={role.permissions} />
        {onEdit && (
          <div className="flex gap-1.5">
            <IconButton label={w.roles.edit(name)} onClick={onEdit}><Pencil size={15} /></IconButton>
            <IconButton label={w.roles.remove(name)} onClick={onRemove}><Trash2 size={15} /></IconButton>
          </div>
        )}
      </div>
    </details>
  );
}

function Edit({ role, onClose }: { role: Role | null; onClose: () => void }) {
  const { permissions: held } = useMe();
  const [chosen, setChosen] = useState<Set<string>>(() => new Set(role?.permissions ?? ["project:read", "task:read", "member:read"]));
  const act = useAct(["roles"], ["members"], ["me"]);
  const save = async (name: string, description: string) => {
    if (chosen.size === 0) throw new Problem(422, "", w.roles.missing);
    const body = { name, description, permissions: [...chosen] };
    if (role?.id) {
      const params = { path: { id: role.id }, ...ifMatch(role.version) };
      await act(() => ask(api.PATCH("/api/v1/roles/{id}", { params, body })), w.saved);
    } else {
      await act(() => ask(api.POST("/api/v1/roles", { body })), w.roles.created(name));
    }
    onClose();
  };
  return (
    <Dialog title={role ? w.roles.edit(role.name) : w.roles.create} onClose={onClose} className="sm:w-[min(44rem,calc(100vw-1.5rem))]">
      <Form action={w.organization.save} send={({ name = "", description = "" }) => save(name, description)}>
        {(errors) => (
          <>
            <Field label={w.roles.name} name="name" defaultValue={role?.name} required maxLength={60} error={errors.get("name")}
              // The dialog is opened to type here.
              // eslint-disable-next-line jsx-a11y/no-autofocus
              autoFocus />
            <Field label={w.roles.description} name="description" defaultValue={role?.description} maxLength={500} error={errors.get("description")} />
            <div className="grid gap-2">
              <h3 className="text-sm font-medium">{w.roles.may}</h3>
              <Scopes all={PERMISSIONS} held={held} chosen={chosen} onChange={setChosen} />
              {held.length < PERMISSIONS.length && <p className="text-sm text-ink-2">{w.roles.beyond}</p>}
            </div>
          </>
        )}
      </Form>
    </Dialog>
  );
}
