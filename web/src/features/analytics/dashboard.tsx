// How the whole organization is doing.
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import type { ReactNode } from "react";

import { projectsQuery } from "~/features/project/queries";
import { ProjectSign } from "~/features/shell/navigation";

import { showNumber } from "./format";
import { ForReaders, Title } from "./frame";
import { AgePanel, LoadPanel, PeoplePanel, StatusPanel } from "./now";
import { Figures, Panels } from "./panel";
import { PeriodBar } from "./period-bar";
import { asked, dashboardQuery, linksQuery, teamsQuery } from "./queries";
import { MadeAndDone, OpensPanel, ThroughputPanel } from "./rates";
import { w } from "./words";

const route = getRouteApi("/frame/analytics/");

export function Dashboard() {
  return <ForReaders><Numbers /></ForReaders>;
}

function Numbers() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const query = asked(search);
  const dashboard = useQuery(dashboardQuery(query));
  const { data: links } = useQuery(linksQuery(query));
  const { tasks, previous } = dashboard.data ?? {};
  return (
    <>
      <Title>{w.title}</Title>
      <PeriodBar search={search} onChange={(period) => void navigate({ search: ({ task }) => ({ ...(task && { task }), ...period }), replace: true })} />
      <Figures figures={[
        { name: w.numbers.created, value: tasks && showNumber(tasks.created), change: tasks && previous ? [tasks.created, previous.created] : undefined },
        { name: w.numbers.done, value: tasks && showNumber(tasks.done), change: tasks && previous ? [tasks.done, previous.done] : undefined },
        { name: w.numbers.open, value: tasks && showNumber(tasks.open) },
        { name: w.numbers.opens, value: links && showNumber(links.opens), change: links?.previous ? [links.opens, links.previous.opens] : undefined },
      ]} />
      <Panels>
        <MadeAndDone query={dashboard} asked={query} />
        <ThroughputPanel subject={{}} asked={query} />
        <StatusPanel query={dashboard} />
        <AgePanel />
        <LoadPanel />
        <PeoplePanel query={dashboard} />
        <OpensPanel asked={query} wide />
      </Panels>
      <Closer />
    </>
  );
}

/** The ways to single projects and teams. */
function Closer() {
  const { data: projects = [] } = useQuery(projectsQuery);
  const { data: teams = [] } = useQuery(teamsQuery);
  return (
    <nav aria-label={w.look.label} className="grid gap-4 pb-8 sm:grid-cols-2">
      <Ways title={w.look.projects} shown={projects.length > 0}>
        {projects.map(({ id, name, color }) => (
          <li key={id}><Link to="/projects/$projectId/analytics" params={{ projectId: id }} className={wayClass}><ProjectSign color={color} />{name}</Link></li>
        ))}
      </Ways>
      <Ways title={w.look.teams} shown={teams.length > 0}>
        {teams.map(({ id, name }) => <li key={id}><Link to="/analytics/teams/$teamId" params={{ teamId: id }} className={wayClass}>{name}</Link></li>)}
      </Ways>
    </nav>
  );
}

const wayClass = "inline-flex min-h-8 items-center gap-2 rounded-lg border border-line bg-surface px-2.5 shadow-card hover:border-line-strong";

function Ways({ title, shown, children }: { title: string; shown: boolean; children: ReactNode }) {
  if (!shown) return null;
  return <div><h2 className="mb-2 text-sm font-semibold text-ink-2">{title}</h2><ul className="flex flex-wrap gap-2">{children}</ul></div>;
}
