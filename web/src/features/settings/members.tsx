import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { MoreHorizontal, UserPlus } from "lucide-react";
import { useState } from "react";

import { useMay, useMe } from "~/features/session/queries";
import { Failed } from "~/features/shell/failed";
import { api, ask } from "~/lib/api/client";
import { showDay, today } from "~/lib/dates";
import { t } from "~/lib/i18n";
import { Avatar } from "~/ui/avatar";
import { Button, IconButton } from "~/ui/button";
import { controlClass } from "~/ui/field";
import { Menu, MenuItem } from "~/ui/menu";
import { Empty, Skeleton } from "~/ui/notice";
import { toast } from "~/ui/toasts";

import { Invite } from "./invite";
import { Confirm, Row, Rows, Screen, Tag } from "./parts";
import { membersQuery, openTasksQuery, roleBody, rolesQuery, useAct, type Member, type Role } from "./queries";
import { choiceOf, chosenBy, reaches, roleOf } from "./reach";
import { roleName, RoleOptions } from "./role-options";
import { SearchField } from "./search-field";
import { w } from "./words";

const route = getRouteApi("/frame/settings/members");

export function Members() {
  const filter = route.useSearch();
  const navigate = route.useNavigate();
  const { data, error, refetch, hasNextPage, fetchNextPage } = useInfiniteQuery(membersQuery(filter));
  const { data: roles = [] } = useQuery(rolesQuery);
  const [inviting, setInviting] = useState(false);
  const mayInvite = useMay("member:invite");
  const members = data?.pages.flatMap((page) => page.items);
  return (
    <Screen title={w.sections.members} hint={w.members.hint}
      action={mayInvite && <Button kind="primary" onClick={() => setInviting(true)}><UserPlus size={16} aria-hidden />{w.invitations.invite}</Button>}>
      <div className="flex flex-wrap gap-2">
        <SearchField label={w.members.search} value={filter.q ?? ""} onChange={(q) => void navigate({ search: ({ q: _, ...rest }) => ({ ...rest, ...(q && { q }) }), replace: true })} />
        <select aria-label={w.members.role} className={controlClass} value={filter.role ?? ""}
          onChange={({ target: { value: role } }) => void navigate({ search: ({ role: _, ...rest }) => ({ ...rest, ...(role && { role }) }), replace: true })}>
          <option value="">{w.members.anyRole}</option>
          <RoleOptions roles={roles} />
        </select>
      </div>
      {error && !data && <Failed error={error} again={refetch} />}
      {!data && !error && <Skeleton className="h-72" />}
      {members?.length === 0 && <Empty title={w.members.none}>{w.members.noneHint}</Empty>}
      {members && members.length > 0 && <Rows label={w.sections.members}>{members.map((member) => <One key={member.id} member={member} roles={roles} />)}</Rows>}
      {hasNextPage && <div><Button onClick={() => void fetchNextPage()}>{t.common.more}</Button></div>}
      {inviting && <Invite roles={roles} onClose={() => setInviting(false)} />}
    </Screen>
  );
}

function One({ member, roles }: { member: Member; roles: Role[] }) {
  const me = useMe();
  const mayManage = useMay("member:manage");
  const act = useAct(["members"], ["people"], ["roles"]);
  const own = member.id === me.user.id;
  const mayHandOver = me.role === "owner" && !own && member.role !== "owner";
  const present = roleOf(roles, member);
  const editable = mayManage && !own && present !== undefined && reaches(me, present);
  const give = async (choice: string) => {
    const role = roles.find((role) => choiceOf(role) === choice);
    await act(() => ask(api.PATCH("/api/v1/users/{id}", { params: { path: { id: member.id } }, body: roleBody(choice) })), role && w.members.changed(member.name, roleName(role)));
  };
  return (
    <Row sign={<Avatar person={member} size="size-8" label={false} />}
      title={<>{member.name}{own && <Tag>{w.members.you}</Tag>}</>}
      below={<>{member.email} · {w.members.joined(showDay(today(new Date(member.joined_at))))}</>}>
      {editable
        ? (
          <select aria-label={w.members.roleOf(member.name)} className={`${controlClass} max-w-44`} value={chosenBy(member)} onChange={(event) => void give(event.target.value).catch(toast.failed)}>
            <RoleOptions roles={roles.filter((role) => reaches(me, role))} />
          </select>
        )
        : <span className="px-2 text-sm text-ink-2">{present ? roleName(present) : t.role[member.role]}</span>}
      {(editable || mayHandOver) && <More member={member} removable={editable} mayHandOver={mayHandOver} />}
    </Row>
  );
}

function More({ member, removable, mayHandOver }: { member: Member; removable: boolean; mayHandOver: boolean }) {
  const [asked, setAsked] = useState<"remove" | "transfer" | null>(null);
  const act = useAct(["members"], ["people"], ["roles"], ["me"]);
  const path = { params: { path: { id: member.id } } };
  const close = () => setAsked(null);
  return (
    <>
      <Menu align="end" trigger={<IconButton label={w.members.more(member.name)}><MoreHorizontal size={16} /></IconButton>}>
        {mayHandOver && <MenuItem onSelect={() => setTimeout(() => setAsked("transfer"))}>{w.members.transfer}</MenuItem>}
        {removable && <MenuItem danger onSelect={() => setTimeout(() => setAsked("remove"))}>{w.members.remove}</MenuItem>}
      </Menu>
      {asked === "remove" && (
        <Confirm title={w.members.removeTitle(member.name)} action={w.members.removeNow} onClose={close}
          onConfirm={() => act(() => ask(api.DELETE("/api/v1/users/{id}", path)), w.members.removed(member.name))}>
          <OpenTasks of={member} />
          {w.members.removeWhat.map((line) => <p key={line}>{line}</p>)}
        </Confirm>
      )}
      {asked === "transfer" && (
        <Confirm title={w.members.transferTitle(member.name)} action={w.members.transferNow} onClose={close}
          onConfirm={() => act(() => ask(api.POST("/api/v1/users/{id}/transfer-ownership", path)), w.members.transferred(member.name))}>
          <p>{w.members.transferHint(member.name)}</p>
        </Confirm>
      )}
    </>
  );
}

/** What waits for the person, in projects that the reader sees. */
function OpenTasks({ of: { id, name } }: { of: Member }) {
  const { data } = useQuery(openTasksQuery(id));
  if (!data || data.items.length === 0) return null;
  return <p className="font-medium text-ink">{w.members.openTasks(name, data.items.length, Boolean(data.next_cursor))}</p>;
}
