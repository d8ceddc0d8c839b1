// What came and went in each part: tasks made and done, links opened.
import { useQuery } from "@tanstack/react-query";

import { SeriesChart } from "~/ui/chart/series-chart";

import { COUNTS, movingMean } from "./format";
import { Panel } from "./panel";
import { partsOf } from "./parts";
import { linksQuery, throughputQuery, type Asked, type Subject } from "./queries";
import { w } from "./words";

type Made = { date: string; start: string; created: number; done: number };

export function MadeAndDone({ query, asked }: { query: Parameters<typeof Panel<{ series: Made[] }>>[0]["query"]; asked: Asked }) {
  return (
    <Panel title={w.flow.made} hint={w.flow.madeHint} query={query} empty={[({ series }) => series.every(({ created, done }) => created + done === 0), w.empty.made]}>
      {({ series }) => (
        <SeriesChart label={w.flow.made} of={w.flow.part} parts={partsOf(series, asked.granularity, asked)} measure={COUNTS} series={[
          { name: w.numbers.created, mark: 2, drawn: "bar", values: series.map(({ created }) => created) },
          { name: w.numbers.done, mark: 1, drawn: "bar", values: series.map(({ done }) => done) },
        ]} />
      )}
    </Panel>
  );
}

/** Parts that a moving average looks at. */
const AVERAGED = 4;

export function ThroughputPanel({ subject, asked }: { subject: Subject; asked: Asked }) {
  return (
    <Panel title={w.flow.throughput} hint={w.flow.throughputHint} query={useQuery(throughputQuery(subject, asked))} empty={[({ done }) => done === 0, w.empty.throughput]}>
      {({ points }) => {
        const done = points.map(({ done }) => done);
        return (
          <SeriesChart label={w.flow.throughput} of={w.flow.part} parts={partsOf(points, asked.granularity, asked)} measure={COUNTS} series={[
            { name: w.numbers.done, mark: 1, drawn: "bar", values: done },
            { name: w.flow.mean(AVERAGED), mark: 3, drawn: "line", values: movingMean(done, AVERAGED) },
          ]} />
        );
      }}
    </Panel>
  );
}

export function OpensPanel({ asked, link, wide = false }: { asked: Asked; link?: string | undefined; wide?: boolean }) {
  return (
    <Panel title={w.flow.opens} hint={w.flow.opensHint} wide={wide} query={useQuery(linksQuery(asked, link))} empty={[({ opens }) => opens === 0, w.empty.opens]}>
      {({ points }) => (
        <SeriesChart label={w.flow.opens} of={w.flow.part} parts={partsOf(points, asked.granularity, asked)} measure={COUNTS}
          series={[{ name: w.numbers.opens, mark: 3, drawn: "bar", values: points.map(({ opens }) => opens) }]} />
      )}
    </Panel>
  );
}
