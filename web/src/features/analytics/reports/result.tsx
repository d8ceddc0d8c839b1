// The numbers of a report that was made: a chart where that tells something, all rows as a table, and files.
import { useQuery } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";

import { projectsQuery } from "~/features/project/queries";
import { usePeople } from "~/features/session/queries";
import { Failed } from "~/features/shell/failed";
import type { Schemas } from "~/lib/api/client";
import { showDay, showMoment } from "~/lib/dates";
import { t } from "~/lib/i18n";
import { Button } from "~/ui/button";
import { BarRows } from "~/ui/chart/bar-rows";
import type { Mark } from "~/ui/chart/marks";
import { SeriesChart } from "~/ui/chart/series-chart";
import { Rows } from "~/ui/chart/table";
import { Empty, Notice, Skeleton } from "~/ui/notice";
import { toast } from "~/ui/toasts";

import { COUNTS, durations, showDuration, showNumber } from "../format";
import { TaskName } from "../now";
import { partsOf } from "../parts";
import { w } from "../words";
import { file, rowsQuery, type Format, type Row } from "./queries";
import { columnsOf, isAwaited, isDuration, isOfTime, keyOf, type Column, type Group } from "./rules";
import { headOf } from "./words";

type Made = Schemas["Report"];

const FORMATS: readonly Format[] = ["csv", "json", "jsonl"];
/** More rows than that are for a file. */
const MOST_SHOWN = 2000;
const ROWS_AT_ONCE = 25;

export function Result({ report }: { report: Made }) {
  if (isAwaited(report)) {
    return <div role="status" className="grid max-w-sm gap-2"><p>{w.report.states[report.state]}…</p><progress aria-label={w.report.states[report.state]} className="h-1.5 w-full animate-pulse overflow-hidden rounded-full" /></div>;
  }
  if (report.state === "failed") return <Notice kind="danger">{report.failure ? w.report.failures[report.failure] : w.report.states.failed}</Notice>;
  return (
    <section aria-label={w.report.result} className="grid min-w-0 grid-cols-[minmax(0,1fr)] gap-4 rounded-2xl border border-line bg-surface p-4 shadow-card">
      <header className="flex flex-wrap items-center gap-x-4 gap-y-2">
        <p className="text-sm text-ink-2">{`${showDay(report.period.from)} – ${showDay(report.period.to)} · ${w.report.rows(report.rows ?? 0)} · ${w.report.kept(showMoment(report.expires_at))}`}</p>
        <div className="ml-auto flex flex-wrap gap-2">{FORMATS.map((format) => <Button key={format} onClick={() => void save(report.id, format)}>{w.report.download(format.toUpperCase())}</Button>)}</div>
      </header>
      {(report.rows ?? 0) > MOST_SHOWN ? <p>{w.report.tooMany}</p> : <Numbers report={report} />}
    </section>
  );
}

async function save(id: string, format: Format) {
  try {
    const url = URL.createObjectURL(await file(id, format));
    const link = Object.assign(document.createElement("a"), { href: url, download: `report-${id}.${format}` });
    link.click();
    URL.revokeObjectURL(url);
  } catch (error) {
    toast.failed(error);
  }
}

function Numbers({ report }: { report: Made }) {
  const { data: rows, error, refetch } = useQuery(rowsQuery(report.id));
  const [shown, setShown] = useState(ROWS_AT_ONCE);
  const nameOf = useNames(report.definition.group_by);
  if (error) return <Failed error={error} again={refetch} />;
  if (!rows) return <Skeleton className="h-72" />;
  if (rows.length === 0) return <Empty title={w.report.nothing}>{w.report.nothingHint}</Empty>;
  const { group_by, measures } = report.definition;
  const columns = columnsOf(measures);
  const key = keyOf(group_by);
  const cell = (row: Row, column: Column) => {
    const value = row[column.key];
    return typeof value !== "number" ? "–" : isDuration(column) ? showDuration(value) : showNumber(value);
  };
  return (
    <>
      <Picture report={report} rows={rows} name={(row) => nameOf(row[key])} />
      <Rows label={report.name} head={[w.report.groups[group_by], ...columns.map(headOf)]}
        rows={rows.slice(0, shown).map((row) => [group_by === "task" && row[key] ? <TaskName id={String(row[key])} /> : nameOf(row[key]), ...columns.map((column) => cell(row, column))])} />
      {rows.length > shown && <div><Button onClick={() => setShown(shown + ROWS_AT_ONCE)}>{t.common.more}</Button></div>}
    </>
  );
}

const MARKS: readonly Mark[] = [1, 2, 3, 4, 5, 6];
/** The greatest things that bars show. */
const MOST_BARS = 12;

/** The first kind of number: those of other kinds have other scales. */
function Picture({ report, rows, name }: { report: Made; rows: readonly Row[]; name: (row: Row) => string }): ReactNode {
  const { group_by, measures } = report.definition;
  const all = columnsOf(measures).filter(({ part }) => part === null || part === "p50" || part === "p85");
  const [first] = all;
  if (!first || group_by === "task") return null;
  const columns = all.filter((column) => isDuration(column) === isDuration(first));
  const numbers = (column: Column) => rows.map((row) => (typeof row[column.key] === "number" ? Number(row[column.key]) : null));
  const measure = isDuration(first) ? durations(Math.max(...columns.flatMap(numbers).map((value) => value ?? 0))) : COUNTS;
  if (isOfTime(group_by)) {
    const days = rows.map((row) => ({ date: String(row[group_by]), start: `${row[group_by]}T00:00:00Z` }));
    const cut = group_by === "day" || group_by === "week" ? group_by : "month";
    return <SeriesChart label={report.name} of={w.report.groups[group_by]} parts={partsOf(days, cut, report.period)} measure={measure}
      series={columns.map((column, index) => ({ name: headOf(column), mark: MARKS[index % MARKS.length] ?? 1, drawn: isDuration(first) ? "line" : "bar", values: numbers(column) }))} />;
  }
  const bars = rows.map((row, index) => ({ id: String(index), name: name(row), value: Number(row[first.key] ?? 0) })).toSorted((one, other) => other.value - one.value);
  return <div><h2 className="mb-2 text-sm font-medium">{headOf(first)}</h2><BarRows label={headOf(first)} measure={measure} rows={bars.slice(0, MOST_BARS)} /></div>;
}

/** Names of what rows are of; ids where there is no name. */
function useNames(group: Group): (key: string | number | null | undefined) => string {
  const { data: projects = [] } = useQuery({ ...projectsQuery, enabled: group === "project" });
  const { find } = usePeople();
  const words: Partial<Record<Group, Record<string, string | undefined>>> = { status: t.status, priority: t.priority, device: w.flow.deviceNames };
  return (key) => {
    if (key === null || key === undefined) return w.report.without;
    const id = String(key);
    if (group === "person") return find(id).name;
    if (group === "project") return projects.find((project) => project.id === id)?.name ?? id;
    return isOfTime(group) ? showDay(id) : words[group]?.[id] ?? id;
  };
}
