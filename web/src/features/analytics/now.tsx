// How things stand now: by status, by person, and for how long.
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";

import { usePeople } from "~/features/session/queries";
import { STATUSES, type Status } from "~/features/task/model";
import { t } from "~/lib/i18n";
import { BarRows } from "~/ui/chart/bar-rows";
import { Rows } from "~/ui/chart/table";
import { StatusGlyph } from "~/ui/glyphs";

import { COUNTS, ESTIMATES, showDuration, showNumber } from "./format";
import { Panel } from "./panel";
import { ageQuery, loadQuery, taskQuery, type Subject } from "./queries";
import { w } from "./words";

type ByStatus = { by_status: Record<Status, number>; estimate_by_status: Record<Status, number> };

const hours = (seconds: number): { note?: string } => (seconds > 0 ? { note: w.flow.hours(ESTIMATES.show(seconds)) } : {});

export function StatusPanel({ query }: { query: Parameters<typeof Panel<ByStatus>>[0]["query"] }) {
  return (
    <Panel title={w.flow.status} hint={w.flow.statusHint} query={query} empty={[({ by_status }) => STATUSES.every((status) => by_status[status] === 0), w.empty.status]}>
      {({ by_status, estimate_by_status }) => (
        <BarRows label={w.flow.status} measure={COUNTS} rows={STATUSES.map((status) => ({
          id: status, value: by_status[status], ...hours(estimate_by_status[status]),
          name: <span className="flex items-center gap-2"><StatusGlyph status={status} /><span>{t.status[status]}</span></span>,
        }))} />
      )}
    </Panel>
  );
}

export function LoadPanel({ subject = {} }: { subject?: Subject }) {
  const { find } = usePeople();
  return (
    <Panel low title={w.flow.load} hint={w.flow.loadHint} query={useQuery(loadQuery(subject))} empty={[({ people }) => people.length === 0, w.empty.load]}>
      {({ people }) => (
        <BarRows label={w.flow.load} measure={COUNTS} rows={people.toSorted((one, other) => other.open - one.open).map(({ user_id, open, open_estimate }) => ({
          id: user_id, value: open, ...hours(open_estimate), name: <PersonLink id={user_id} name={find(user_id).name} />,
        }))} />
      )}
    </Panel>
  );
}

type ByPerson = { by_person: { user_id: string; assigned: number; done: number }[] };

export function PeoplePanel({ query }: { query: Parameters<typeof Panel<ByPerson>>[0]["query"] }) {
  const { find } = usePeople();
  return (
    <Panel low title={w.flow.people} hint={w.flow.peopleHint} query={query} empty={[({ by_person }) => by_person.length === 0, w.empty.people]}>
      {({ by_person }) => (
        <BarRows label={w.flow.people} measure={COUNTS} rows={by_person.toSorted((one, other) => other.done - one.done).map(({ user_id, done, assigned }) => ({
          id: user_id, value: done, note: w.flow.assigned(assigned), name: <PersonLink id={user_id} name={find(user_id).name} />,
        }))} />
      )}
    </Panel>
  );
}

function PersonLink({ id, name }: { id: string; name: string }) {
  return <Link to="/analytics/people/$userId" params={{ userId: id }} className="hover:underline">{name}</Link>;
}

const OPEN = ["todo", "in_progress", "review"] as const;

/** What is shown of the twenty that the API tells. */
const OLDEST = 6;

export function AgePanel({ subject = {} }: { subject?: Subject }) {
  const shown = (seconds: number | null | undefined) => (typeof seconds === "number" ? showDuration(seconds) : "–");
  return (
    <Panel title={w.flow.age} hint={w.flow.ageHint} query={useQuery(ageQuery(subject))} empty={[(age) => OPEN.every((status) => age[status].count === 0), w.empty.age]}>
      {(age) => (
        <div className="grid gap-4">
          <Rows label={w.flow.age} head={[t.task.status, w.flow.ageTable.count, w.flow.ageTable.p50, w.flow.ageTable.p85, w.flow.ageTable.p95]} rows={OPEN.map((status) => [
            t.status[status], showNumber(age[status].count), shown(age[status].p50_seconds), shown(age[status].p85_seconds), shown(age[status].p95_seconds),
          ])} />
          <div>
            <h3 className="mb-1 text-sm font-medium">{w.flow.oldest}</h3>
            <ul className="grid gap-1 text-sm">
              {age.oldest.slice(0, OLDEST).map(({ task_id, age_seconds }) => (
                <li key={task_id} className="flex gap-2"><TaskName id={task_id} /><span className="ml-auto shrink-0 text-ink-2">{w.flow.since(showDuration(age_seconds))}</span></li>
              ))}
            </ul>
          </div>
        </div>
      )}
    </Panel>
  );
}

/** A task that numbers name by its id: they tell no titles. */
export function TaskName({ id }: { id: string }) {
  const { data, isPending } = useQuery(taskQuery(id));
  if (isPending) return <span className="text-ink-2">…</span>;
  if (!data) return <span className="truncate text-ink-2">{w.flow.hidden}</span>;
  return <Link to="." search={(old) => ({ ...old, task: data.key })} className="flex min-w-0 gap-2 hover:underline"><StatusGlyph status={data.status} /><span className="shrink-0 text-ink-2 tabular-nums">{data.key}</span><span className="truncate">{data.title}</span></Link>;
}
