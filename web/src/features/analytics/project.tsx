// A project in numbers: what was left, how it flowed, how long it took, and who has how much.
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";

import { projectQuery } from "~/features/project/queries";

import { FlowPanels, MeasureChoice } from "./flow";
import { showNumber } from "./format";
import { ForReaders, Title } from "./frame";
import { AgePanel, LoadPanel, PeoplePanel, StatusPanel } from "./now";
import { Figures, Panels } from "./panel";
import { PeriodBar } from "./period-bar";
import { asked, projectQuery as numbersQuery } from "./queries";
import { MadeAndDone } from "./rates";
import { ScatterPanel, took } from "./times";
import { w } from "./words";

const route = getRouteApi("/frame/projects/$projectId/analytics");

export function ProjectNumbers() {
  const { projectId } = route.useParams();
  return (
    <div className="h-full overflow-y-auto px-4 py-6 md:px-8">
      <div className="mx-auto grid max-w-6xl grid-cols-[minmax(0,1fr)] gap-5">
        <Link to="/projects/$projectId" params={{ projectId }} className="w-fit text-sm text-ink-2 hover:text-ink">← {w.back}</Link>
        <ForReaders><Numbers projectId={projectId} /></ForReaders>
      </div>
    </div>
  );
}

function Numbers({ projectId }: { projectId: string }) {
  const { measure, task: _, ...search } = route.useSearch();
  const navigate = route.useNavigate();
  const query = asked(search);
  const { data: project } = useQuery(projectQuery(projectId));
  const numbers = useQuery(numbersQuery(projectId, query));
  const { tasks, previous, lead_time, cycle_time } = numbers.data ?? {};
  const subject = { project_id: projectId };
  return (
    <>
      <Title beside={<MeasureChoice measure={measure} onChange={(measure) => void navigate({ search: ({ measure: _, ...old }) => ({ ...old, ...(measure && { measure }) }), replace: true })} />}>
        {project ? w.of(project.name) : w.title}
      </Title>
      <PeriodBar search={search} onChange={(period) => void navigate({ search: { ...(measure && { measure }), ...period }, replace: true })} />
      <Figures figures={[
        { name: w.numbers.created, value: tasks && showNumber(tasks.created), change: tasks && previous ? [tasks.created, previous.created] : undefined },
        { name: w.numbers.done, value: tasks && showNumber(tasks.done), change: tasks && previous ? [tasks.done, previous.done] : undefined },
        { name: w.numbers.lead, ...took(lead_time) },
        { name: w.numbers.cycle, ...took(cycle_time) },
      ]} />
      <Panels>
        <FlowPanels subject={subject} measure={measure} asked={query} />
        <ScatterPanel projectId={projectId} asked={query} />
        <MadeAndDone query={numbers} asked={query} />
        <StatusPanel query={numbers} />
        <AgePanel subject={subject} />
        <LoadPanel subject={subject} />
        <PeoplePanel query={numbers} />
      </Panels>
    </>
  );
}
