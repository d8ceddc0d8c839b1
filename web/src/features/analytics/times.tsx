// How long work takes: the durations of each part, and each task that was done.
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";

import { tasksQuery } from "~/features/project/queries";
import type { Schemas } from "~/lib/api/client";
import { showMoment } from "~/lib/dates";
import { ScatterChart } from "~/ui/chart/scatter-chart";
import { SeriesChart } from "~/ui/chart/series-chart";

import { durations, showDuration } from "./format";
import { Panel, type Figure } from "./panel";
import { dayTicks, partsOf } from "./parts";
import { cycleQuery, leadQuery, type Asked, type Subject } from "./queries";
import { dotsOf, filterOf } from "./scatter";
import { w } from "./words";

type Durations = Schemas["Durations"];

/** A duration as a figure: what half of the tasks keep below. */
export function took(durations: Durations | undefined): Pick<Figure, "value" | "note"> {
  if (!durations) return { value: undefined };
  const half = durations.p50_seconds;
  return typeof half === "number" ? { value: showDuration(half), note: w.numbers.half } : { value: "–", note: w.numbers.none };
}

const PERCENTS = [["p50_seconds", 1], ["p85_seconds", 2], ["p95_seconds", 3]] as const;
const NAMES = { p50_seconds: w.flow.p50, p85_seconds: w.flow.p85, p95_seconds: w.flow.p95 };

type Props = { subject: Subject; asked: Asked };

export function LeadPanel({ subject, asked }: Props) {
  return <TimesPanel title={w.flow.leadTime} hint={w.flow.leadHint} none={w.empty.times} query={useQuery(leadQuery(subject, asked))} asked={asked} />;
}

export function CyclePanel({ subject, asked }: Props) {
  return <TimesPanel title={w.flow.cycleTime} hint={w.flow.cycleHint} none={w.empty.cycle} query={useQuery(cycleQuery(subject, asked))} asked={asked} />;
}

type Times = { title: string; hint: string; none: string; query: Parameters<typeof Panel<Schemas["Times"]>>[0]["query"]; asked: Asked };

function TimesPanel({ title, hint, none, query, asked }: Times) {
  return (
    <Panel title={title} hint={hint} query={query} empty={[({ overall }) => overall.count === 0, none]}>
      {({ points, overall }) => (
        <SeriesChart label={title} of={w.flow.part} parts={partsOf(points, asked.granularity, asked)}
          measure={durations(Math.max(overall.p95_seconds ?? 0, ...points.map((point) => point.p95_seconds ?? 0)))}
          series={PERCENTS.map(([percent, mark]) => ({ name: NAMES[percent], mark, drawn: "line", values: points.map((point) => point[percent] ?? null) }))} />
      )}
    </Panel>
  );
}

/** Each task of a project that was done in the period; only of projects that one may open. */
export function ScatterPanel({ projectId, asked }: { projectId: string; asked: Asked }) {
  const tasks = useInfiniteQuery(tasksQuery(filterOf(asked), projectId));
  const lead = useQuery(leadQuery({ project_id: projectId }, asked));
  if (tasks.error && !tasks.data) return null;
  const items = tasks.data?.pages.flatMap((page) => page.items);
  return (
    <Panel title={w.flow.scatter} hint={w.flow.scatterHint} query={lead} empty={[({ overall }) => overall.count === 0, w.empty.times]}>
      {({ overall }) => {
        const dots = dotsOf(items ?? [], asked);
        const levels = PERCENTS.flatMap(([percent, mark]) => (typeof overall[percent] === "number" ? [{ name: NAMES[percent], value: overall[percent], mark: mark === 1 ? (4 as const) : mark }] : []));
        const highest = Math.max(0, ...dots.map(({ value }) => value), ...levels.map(({ value }) => value));
        return (
          <ScatterChart label={w.flow.scatter} of={w.flow.leadTime} head={[w.flow.task, w.flow.days]} levels={levels} measure={durations(highest)} ticks={dayTicks(asked)}
            dots={dots.map((dot) => ({
              ...dot, when: showMoment(dot.done), row: <Link to="." search={(old) => ({ ...old, task: dot.key })} className="text-accent underline-offset-2 hover:underline">{dot.name}</Link>,
            }))} />
        );
      }}
    </Panel>
  );
}
