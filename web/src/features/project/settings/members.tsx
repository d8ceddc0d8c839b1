import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { UserMinus } from "lucide-react";

import { useMe, usePeople } from "~/features/session/queries";
import { api, ask, type Schemas } from "~/lib/api/client";
import { Avatar } from "~/ui/avatar";
import { IconButton } from "~/ui/button";
import { inputClass, SelectField } from "~/ui/field";
import { Form } from "~/ui/form";
import { Skeleton } from "~/ui/notice";
import { toast } from "~/ui/toasts";

import { membersQuery } from "../queries";
import { useProjectRole } from "../rights";
import { Section } from "./section";
import { w } from "./words";

type Role = Schemas["ProjectRole"];
type Member = Schemas["ProjectMemberView"];
type Project = Schemas["ProjectView"];

const ROLES: readonly Role[] = ["viewer", "member", "manager", "owner"];

/** Only owners make owners, or take that away. */
function useGivenRoles(project: Project): readonly Role[] {
  const { permissions } = useMe();
  const role = useProjectRole(project);
  const owns = role === "owner" || permissions.includes("organization:manage");
  return owns ? ROLES : ROLES.filter((role) => role !== "owner");
}

export function Members({ project, editable }: { project: Project; editable: boolean }) {
  const { data: members } = useQuery(membersQuery(project.id));
  const given = useGivenRoles(project);
  return (
    <Section title={w.members} hint={w.membersHint}>
      {!members && <Skeleton className="h-20" />}
      <ul className="grid gap-2">
        {members?.map((member) => <li key={member.user_id}><MemberLine project={project} member={member} editable={editable} given={given} /></li>)}
      </ul>
      {editable && members && <AddMember project={project} members={members} given={given} />}
    </Section>
  );
}

function MemberLine({ project, member, editable, given }: { project: Project; member: Member; editable: boolean; given: readonly Role[] }) {
  const cache = useQueryClient();
  const { user } = useMe();
  const { find } = usePeople();
  const { mutate } = useMutation({
    mutationFn: (change: () => Promise<unknown>) => change(),
    onError: toast.failed,
    onSettled: () => cache.invalidateQueries({ queryKey: membersQuery(project.id).queryKey }),
  });
  const params = { path: { id: project.id, user_id: member.user_id } };
  const mine = member.user_id === user.id;
  const changeable = editable && given.includes(member.role);
  return (
    <div className="flex items-center gap-2.5">
      <Avatar person={find(member.user_id)} size="size-7" label={false} />
      <span className="min-w-0 flex-1 truncate">{member.name}</span>
      {changeable
        ? (
          <select aria-label={w.roleOf(member.name)} value={member.role} className={`${inputClass} max-w-36`}
            onChange={(event) => {
              const role = ROLES.find((role) => role === event.target.value);
              if (role) mutate(() => ask(api.PATCH("/api/v1/projects/{id}/members/{user_id}", { params, body: { role } })));
            }}>
            {given.map((role) => <option key={role} value={role}>{w.roles[role]}</option>)}
          </select>
        )
        : <span className="text-sm text-ink-2">{w.roles[member.role]}</span>}
      {(changeable || mine) && (
        <IconButton label={mine ? w.leave : w.removeMember(member.name)} onClick={() => mutate(() => ask(api.DELETE("/api/v1/projects/{id}/members/{user_id}", { params })))}><UserMinus size={16} /></IconButton>
      )}
    </div>
  );
}

function AddMember({ project, members, given }: { project: Project; members: Member[]; given: readonly Role[] }) {
  const cache = useQueryClient();
  const { all } = usePeople();
  const others = all.filter((person) => !members.some((member) => member.user_id === person.id));
  if (others.length === 0) return <p className="border-t border-line pt-4 text-sm text-ink-2">{w.everybodyIn}</p>;
  return (
    <Form key={members.length} action={w.addMember} className="grid gap-3 border-t border-line pt-4" send={async ({ person = "", role }) => {
      await ask(api.POST("/api/v1/projects/{id}/members", { params: { path: { id: project.id } }, body: { user_id: person, role: ROLES.find((known) => known === role) ?? null } }));
      await cache.invalidateQueries({ queryKey: membersQuery(project.id).queryKey });
    }}>
      {() => (
        <div className="grid gap-4 sm:grid-cols-2">
          <SelectField label={w.person} name="person">{others.map((person) => <option key={person.id} value={person.id}>{person.name}</option>)}</SelectField>
          <SelectField label={w.role} name="role" defaultValue="member">{given.map((role) => <option key={role} value={role}>{w.roles[role]}</option>)}</SelectField>
        </div>
      )}
    </Form>
  );
}
