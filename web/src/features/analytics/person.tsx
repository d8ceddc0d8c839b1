// A person's numbers. One's own are everybody's to see.
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";

import { useMe, usePeople } from "~/features/session/queries";

import { FlowPanels, MeasureChoice } from "./flow";
import { showNumber } from "./format";
import { ForReaders, Title } from "./frame";
import { StatusPanel } from "./now";
import { Figures, Panels } from "./panel";
import { PeriodBar } from "./period-bar";
import { asked, personQuery } from "./queries";
import { MadeAndDone } from "./rates";
import { took } from "./times";
import { w } from "./words";

const route = getRouteApi("/frame/analytics/people/$userId");

export function PersonNumbers() {
  const { userId } = route.useParams();
  const me = useMe().user.id;
  const id = userId === "me" ? me : userId;
  return id === me ? <Numbers id={id} own /> : <ForReaders><Numbers id={id} /></ForReaders>;
}

function Numbers({ id, own = false }: { id: string; own?: boolean }) {
  const { measure, ...search } = route.useSearch();
  const navigate = route.useNavigate();
  const { find } = usePeople();
  const query = asked(search);
  const numbers = useQuery(personQuery(id, query));
  const { tasks, previous, lead_time, cycle_time } = numbers.data ?? {};
  return (
    <>
      <Title beside={<MeasureChoice measure={measure} onChange={(measure) => void navigate({ search: ({ measure: _, ...old }) => ({ ...old, ...(measure && { measure }) }), replace: true })} />}>
        {own ? w.mine : w.of(find(id).name)}
      </Title>
      <PeriodBar search={search} onChange={(period) => void navigate({ search: { ...(measure && { measure }), ...period }, replace: true })} />
      <Figures figures={[
        { name: w.numbers.done, value: tasks && showNumber(tasks.done), change: tasks && previous ? [tasks.done, previous.done] : undefined },
        { name: w.numbers.open, value: tasks && showNumber(tasks.open) },
        { name: w.numbers.lead, ...took(lead_time) },
        { name: w.numbers.cycle, ...took(cycle_time) },
      ]} />
      <Panels>
        <MadeAndDone query={numbers} asked={query} />
        <StatusPanel query={numbers} />
        <FlowPanels subject={{ user_id: id }} measure={measure} asked={query} />
      </Panels>
    </>
  );
}
