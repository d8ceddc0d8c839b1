// One team: what it is, and who is in it.
import { useQuery } from "@tanstack/react-query";
import { X } from "lucide-react";
import { useState } from "react";

import { useMay, useMe, usePeople } from "~/features/session/queries";
import { Failed } from "~/features/shell/failed";
import { api, ask, type Schemas } from "~/lib/api/client";
import { Avatar } from "~/ui/avatar";
import { Button, IconButton } from "~/ui/button";
import { Dialog } from "~/ui/dialog";
import { controlClass, Field, inputClass } from "~/ui/field";
import { Form } from "~/ui/form";
import { Skeleton } from "~/ui/notice";
import { toast } from "~/ui/toasts";

import { Confirm, Row, Rows } from "./parts";
import { teamMembersQuery, teamQuery, useAct } from "./queries";
import { w } from "./words";

type FullTeam = Schemas["TeamView"];
type TeamMember = Schemas["TeamMemberView"];

export function TeamFields({ errors, team }: { errors: ReadonlyMap<string, string>; team?: FullTeam }) {
  return (
    <>
      <div className="grid grid-cols-[1fr_5rem] gap-4">
        <Field label={w.teams.name} name="name" defaultValue={team?.name} required maxLength={100} error={errors.get("name")}
          // The dialog is opened to type here.
          // eslint-disable-next-line jsx-a11y/no-autofocus
          autoFocus={!team} />
        <Field label={w.teams.color} name="color" type="color" defaultValue={team?.color ?? "#0d6656"} error={errors.get("color")} />
      </div>
      <Field label={w.teams.description} name="description" defaultValue={team?.description} maxLength={2000} error={errors.get("description")} />
    </>
  );
}

export function Team({ id, onClose }: { id: string; onClose: () => void }) {
  const me = useMe();
  const mayManage = useMay("team:manage");
  const team = useQuery(teamQuery(id));
  const members = useQuery(teamMembersQuery(id));
  const [removing, setRemoving] = useState(false);
  const act = useAct(["teams"]);
  const leads = members.data?.some((member) => member.user_id === me.user.id && member.role === "lead") ?? false;
  const path = { params: { path: { id } } };
  if (removing && team.data) {
    return (
      <Confirm title={w.teams.removeTitle(team.data.name)} action={w.teams.removeNow} onClose={() => setRemoving(false)}
        onConfirm={() => act(async () => {
          await ask(api.DELETE("/api/v1/teams/{id}", path));
          onClose();
        }, w.teams.removed(team.data.name))}>
        <p>{w.teams.removeHint}</p>
      </Confirm>
    );
  }
  return (
    <Dialog title={team.data?.name ?? w.sections.teams} onClose={onClose}>
      {team.error && <Failed error={team.error} again={team.refetch} />}
      {!team.data && !team.error && <Skeleton className="h-64" />}
      {team.data && (
        <div className="grid gap-6">
          {mayManage || leads ? <About key={team.data.version} team={team.data} /> : team.data.description && <p>{team.data.description}</p>}
          <People id={id} members={members.data ?? []} editable={mayManage || leads} />
          {mayManage && (
            <div className="flex flex-wrap gap-2 border-t border-line pt-4">
              <Button onClick={() => void act(() => ask(api.PATCH("/api/v1/teams/{id}", { ...path, body: { active: !team.data.active } })), w.saved).catch(toast.failed)}>
                {team.data.active ? w.teams.putAway : w.teams.bringBack}
              </Button>
              <Button kind="danger" onClick={() => setRemoving(true)}>{w.teams.remove}</Button>
            </div>
          )}
        </div>
      )}
    </Dialog>
  );
}

function About({ team }: { team: FullTeam }) {
  const act = useAct(["teams"]);
  return (
    <Form action={w.organization.save} send={({ name = "", color, description = "" }) => act(() => ask(api.PATCH("/api/v1/teams/{id}", {
      params: { path: { id: team.id } },
      body: { name, description, color: color ?? null, version: team.version },
    })), w.saved)}>
      {(errors) => <TeamFields errors={errors} team={team} />}
    </Form>
  );
}

function People({ id, members, editable }: { id: string; members: TeamMember[]; editable: boolean }) {
  const { all } = usePeople();
  const act = useAct(["teams"]);
  const outside = all.filter((person) => !members.some((member) => member.user_id === person.id));
  const [who, setWho] = useState("");
  const add = () => act(async () => {
    await ask(api.POST("/api/v1/teams/{id}/members", { params: { path: { id } }, body: { user_id: who } }));
    setWho("");
  });
  return (
    <section aria-label={w.teams.people} className="grid gap-2">
      <h3 className="text-sm font-semibold">{w.teams.people}</h3>
      {members.length === 0 && <p className="text-ink-2">{w.teams.nobody}</p>}
      {members.length > 0 && <Rows label={w.teams.people} inset>{members.map((member) => <One key={member.user_id} id={id} member={member} editable={editable} />)}</Rows>}
      {editable && outside.length > 0 && (
        <div className="flex gap-2">
          <select aria-label={w.teams.addWho} className={inputClass} value={who} onChange={(event) => setWho(event.target.value)}>
            <option value="" disabled>{w.teams.choose}</option>
            {outside.map((person) => <option key={person.id} value={person.id}>{person.name}</option>)}
          </select>
          <Button disabled={who === ""} onClick={() => void add().catch(toast.failed)}>{w.teams.add}</Button>
        </div>
      )}
    </section>
  );
}

function One({ id, member, editable }: { id: string; member: TeamMember; editable: boolean }) {
  const act = useAct(["teams"]);
  const { find } = usePeople();
  const path = { params: { path: { id, user_id: member.user_id } } };
  const change = (role: TeamMember["role"]) => act(() => ask(api.PATCH("/api/v1/teams/{id}/members/{user_id}", { ...path, body: { role } })));
  return (
    <Row sign={<Avatar person={{ ...find(member.user_id), name: member.name }} label={false} />} title={member.name}>
      {editable
        ? (
          <>
            <select aria-label={w.teams.roleOf(member.name)} className={controlClass} value={member.role} onChange={(event) => void change(event.target.value as TeamMember["role"]).catch(toast.failed)}>
              {(["lead", "member"] as const).map((role) => <option key={role} value={role}>{w.teams.role[role]}</option>)}
            </select>
            <IconButton label={w.teams.takeOut(member.name)} onClick={() => void act(() => ask(api.DELETE("/api/v1/teams/{id}/members/{user_id}", path))).catch(toast.failed)}><X size={15} /></IconButton>
          </>
        )
        : <span className="text-sm text-ink-2">{w.teams.role[member.role]}</span>}
    </Row>
  );
}
