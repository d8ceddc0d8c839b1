// The numbers of a team's people; a task of two of them counts once.
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";

import { Failed } from "~/features/shell/failed";
import { SeriesChart } from "~/ui/chart/series-chart";

import { COUNTS, ESTIMATES, showNumber } from "./format";
import { Title } from "./frame";
import { PeoplePanel } from "./now";
import { Figures, Panel, Panels } from "./panel";
import { partsOf } from "./parts";
import { PeriodBar } from "./period-bar";
import { asked, teamQuery, teamsQuery } from "./queries";
import { took } from "./times";
import { w } from "./words";

const route = getRouteApi("/frame/analytics/teams/$teamId");

export function Team() {
  const { teamId } = route.useParams();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const query = asked(search);
  const numbers = useQuery(teamQuery(teamId, query));
  const { data: teams } = useQuery(teamsQuery);
  const { data, error, refetch } = numbers;
  const name = teams?.find(({ id }) => id === teamId)?.name;
  if (error && !data) return <Failed error={error} again={refetch} />;
  return (
    <>
      <Title>{name ? w.of(name) : w.title}</Title>
      <PeriodBar search={search} onChange={(search) => void navigate({ search, replace: true })} />
      <Figures figures={[
        { name: w.numbers.done, value: data && showNumber(data.done), change: data?.previous ? [data.done, data.previous.done] : undefined },
        { name: w.numbers.open, value: data && showNumber(data.open), note: data && data.open_estimate > 0 ? w.flow.hours(ESTIMATES.show(data.open_estimate)) : undefined },
        { name: w.numbers.lead, ...took(data?.lead_time) },
        { name: w.numbers.cycle, ...took(data?.cycle_time) },
      ]} />
      <Panels>
        <Panel title={w.flow.throughput} hint={w.flow.throughputHint} query={numbers} empty={[({ done }) => done === 0, w.empty.throughput]}>
          {({ series }) => (
            <SeriesChart label={w.flow.throughput} of={w.flow.part} parts={partsOf(series, query.granularity, query)} measure={COUNTS}
              series={[{ name: w.numbers.done, mark: 1, drawn: "bar", values: series.map(({ done }) => done) }]} />
          )}
        </Panel>
        <PeoplePanel query={numbers} />
      </Panels>
    </>
  );
}
