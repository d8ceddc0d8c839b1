// How work flows through a project, or through a person's hands.
import { useQuery } from "@tanstack/react-query";

import { STATUSES } from "~/features/task/model";
import { t } from "~/lib/i18n";
import type { Mark } from "~/ui/chart/marks";
import { SeriesChart } from "~/ui/chart/series-chart";

import { COUNTS, ESTIMATES } from "./format";
import { Panel } from "./panel";
import { begun, partsOf } from "./parts";
import { Choice } from "./period-bar";
import { burndownQuery, burnupQuery, cumulativeQuery, type Asked, type Measured, type Subject } from "./queries";
import { ThroughputPanel } from "./rates";
import { CyclePanel, LeadPanel } from "./times";
import { w } from "./words";

type Props = { subject: Subject; measure: Measured | undefined; asked: Asked };

/** From what is finished, at the ground, up to what has not begun. */
const BANDS: readonly (readonly [status: (typeof STATUSES)[number], mark: Mark])[] = [["done", 1], ["review", 3], ["in_progress", 4], ["todo", 6]];

export function FlowPanels({ subject, measure = "tasks", asked }: Props) {
  const scale = measure === "tasks" ? COUNTS : ESTIMATES;
  const burndown = useQuery(burndownQuery(subject, measure, asked));
  const burnup = useQuery(burnupQuery(subject, measure, asked));
  const cumulative = useQuery(cumulativeQuery(subject, measure, asked));
  const parts = (points: readonly { date: string; start: string }[]) => partsOf(points, asked.granularity, asked);
  return (
    <>
      <Panel title={w.flow.burndown} hint={w.flow.burndownHint} query={burndown} empty={[({ before, points }) => before === 0 && points.every(({ remaining }) => remaining === 0), w.empty.burndown]}>
        {({ points }) => (
          <SeriesChart label={w.flow.burndown} of={w.flow.part} parts={parts(points)} measure={scale} series={[
            { name: w.flow.remaining, mark: 1, drawn: "line", values: points.map((point) => (begun(point) ? point.remaining : null)) },
            { name: w.flow.ideal, mark: 6, drawn: "line", values: points.map(({ ideal }) => ideal) },
          ]} />
        )}
      </Panel>
      <Panel title={w.flow.burnup} hint={w.flow.burnupHint} query={burnup} empty={[({ points }) => points.every(({ scope }) => scope === 0), w.empty.burndown]}>
        {({ points }) => (
          <SeriesChart label={w.flow.burnup} of={w.flow.part} parts={parts(points)} measure={scale} series={[
            { name: w.flow.scope, mark: 2, drawn: "line", values: points.map((point) => (begun(point) ? point.scope : null)) },
            { name: w.numbers.done, mark: 1, drawn: "line", values: points.map((point) => (begun(point) ? point.done : null)) },
          ]} />
        )}
      </Panel>
      <Panel title={w.flow.cumulative} hint={w.flow.cumulativeHint} query={cumulative} empty={[({ points }) => points.every(({ by_status }) => BANDS.every(([status]) => by_status[status] === 0)), w.empty.cumulative]}>
        {({ points }) => (
          <SeriesChart stacked label={w.flow.cumulative} of={w.flow.part} parts={parts(points.filter((point) => begun(point)))} measure={scale} series={BANDS.map(([status, mark]) => ({
            name: t.status[status], mark, drawn: "area", values: points.filter((point) => begun(point)).map(({ by_status }) => by_status[status]),
          }))} />
        )}
      </Panel>
      <ThroughputPanel subject={subject} asked={asked} />
      <LeadPanel subject={subject} asked={asked} />
      <CyclePanel subject={subject} asked={asked} />
    </>
  );
}

/** Whether charts of what is left count tasks, or the hours they are estimated at. */
export function MeasureChoice({ measure = "tasks", onChange }: { measure?: Measured | undefined; onChange: (measure: "estimate_seconds" | undefined) => void }) {
  return (
    <div className="ml-auto">
      <Choice label={w.flow.measure} value={measure} onChange={(event) => onChange(event.target.value === "tasks" ? undefined : "estimate_seconds")}>
        <option value="tasks">{w.flow.tasks}</option>
        <option value="estimate_seconds">{w.flow.estimates}</option>
      </Choice>
    </div>
  );
}
