import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { Plus } from "lucide-react";
import { useState } from "react";

import { useMay } from "~/features/session/queries";
import { Failed } from "~/features/shell/failed";
import { ProjectSign } from "~/features/shell/navigation";
import { api, ask } from "~/lib/api/client";
import { Button } from "~/ui/button";
import { Dialog } from "~/ui/dialog";
import { Form } from "~/ui/form";
import { Empty, Skeleton } from "~/ui/notice";

import { Screen, Tag } from "./parts";
import { teamsQuery, useAct } from "./queries";
import { Team, TeamFields } from "./team";
import { w } from "./words";

const route = getRouteApi("/frame/settings/teams");

export function Teams() {
  const { team } = route.useSearch();
  const navigate = route.useNavigate();
  const { data, error, refetch } = useQuery(teamsQuery);
  const [creating, setCreating] = useState(false);
  const mayManage = useMay("team:manage");
  const show = (team?: string) => void navigate({ search: team ? { team } : {} });
  const create = mayManage && <Button kind="primary" onClick={() => setCreating(true)}><Plus size={16} aria-hidden />{w.teams.create}</Button>;
  return (
    <Screen title={w.sections.teams} hint={w.teams.hint} action={create}>
      {error && !data && <Failed error={error} again={refetch} />}
      {!data && !error && <Skeleton className="h-48" />}
      {data?.length === 0 && <Empty title={w.teams.none}>{w.teams.noneHint}</Empty>}
      {data && data.length > 0 && (
        <ul aria-label={w.sections.teams} className="grid gap-3 sm:grid-cols-2">
          {data.map((team) => (
            <li key={team.id}>
              <button type="button" onClick={() => show(team.id)} className="flex w-full items-center gap-3 rounded-2xl border border-line bg-surface p-4 text-left shadow-card hover:border-line-strong">
                <ProjectSign color={team.color} />
                <span className="min-w-0 flex-1">
                  <span className="block truncate font-medium">{team.name}{!team.active && <Tag>{w.teams.inactive}</Tag>}</span>
                  <span className="block text-sm text-ink-2">{w.teams.members(team.members)}</span>
                </span>
              </button>
            </li>
          ))}
        </ul>
      )}
      {creating && <Create onClose={() => setCreating(false)} onCreated={show} />}
      {team && <Team key={team} id={team} onClose={() => show()} />}
    </Screen>
  );
}

function Create({ onClose, onCreated }: { onClose: () => void; onCreated: (id: string) => void }) {
  const act = useAct(["teams"]);
  return (
    <Dialog title={w.teams.create} onClose={onClose}>
      <Form action={w.teams.create} send={({ name = "", color, description = "" }) => act(async () => {
        const team = await ask(api.POST("/api/v1/teams", { body: { name, description, color: color ?? null } }));
        onClose();
        onCreated(team.id);
      })}>
        {(errors) => <TeamFields errors={errors} />}
      </Form>
    </Dialog>
  );
}
