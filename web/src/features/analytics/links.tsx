// What becomes of the links that are given to guests.
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";

import { api, ask, whole } from "~/lib/api/client";
import { BarRows } from "~/ui/chart/bar-rows";

import { COUNTS, showNumber } from "./format";
import { ForReaders, Title } from "./frame";
import { Figures, Panel, Panels } from "./panel";
import { Choice, PeriodBar } from "./period-bar";
import { asked, linksQuery } from "./queries";
import { OpensPanel } from "./rates";
import { w } from "./words";

const route = getRouteApi("/frame/analytics/links");

export function Links() {
  return <ForReaders><Numbers /></ForReaders>;
}

function Numbers() {
  const { link, ...search } = route.useSearch();
  const navigate = route.useNavigate();
  const query = asked(search);
  const numbers = useQuery(linksQuery(query, link));
  const { data } = numbers;
  return (
    <>
      <Title beside={<ChooseLink link={link} onChange={(link) => void navigate({ search: ({ link: _, ...old }) => ({ ...old, ...(link && { link }) }), replace: true })} />}>{w.links}</Title>
      <PeriodBar search={search} onChange={(period) => void navigate({ search: { ...(link && { link }), ...period }, replace: true })} />
      <Figures figures={[
        { name: w.numbers.opens, value: data && showNumber(data.opens), change: data?.previous ? [data.opens, data.previous.opens] : undefined },
        { name: w.numbers.linksMade, value: data && showNumber(data.created), change: data?.previous ? [data.created, data.previous.created] : undefined },
      ]} />
      <Panels>
        <OpensPanel asked={query} link={link} wide />
        <Panel title={w.flow.devices} hint={w.flow.opensHint} query={numbers} empty={[({ opens }) => opens === 0, w.empty.opens]}>
          {({ opens_by_device }) => (
            <BarRows label={w.flow.devices} measure={COUNTS} rows={Object.entries(opens_by_device).map(([device, value]) => ({ id: device, name: w.flow.deviceNames[device] ?? device, value }))} />
          )}
        </Panel>
      </Panels>
    </>
  );
}

/** One link, or all. */
function ChooseLink({ link = "", onChange }: { link?: string | undefined; onChange: (link: string) => void }) {
  const { data = [] } = useQuery({
    queryKey: ["links", "all"], staleTime: 60_000,
    queryFn: ({ signal }) => whole((cursor) => ask(api.GET("/api/v1/links", { params: { query: { limit: 200, ...(cursor && { cursor }) } }, signal }))),
  });
  return (
    <div className="min-w-40">
      <Choice label={w.flow.oneLink} value={link} onChange={(event) => onChange(event.target.value)}>
        <option value="">{w.flow.allLinks}</option>
        {data.map(({ id, label, code, opens }) => <option key={id} value={id}>{`${label ?? code} (${showNumber(opens)})`}</option>)}
      </Choice>
    </div>
  );
}
