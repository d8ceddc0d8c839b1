import { useQuery, useQueryClient } from "@tanstack/react-query";
import type { ReactNode } from "react";

import { labelsQuery } from "~/features/project/queries";
import { usePeople } from "~/features/session/queries";
import { t } from "~/lib/i18n";
import { Avatar } from "~/ui/avatar";
import { PriorityGlyph, StatusGlyph } from "~/ui/glyphs";
import { Menu } from "~/ui/menu";

import { edit } from "./edit";
import { AssigneeEntries, LabelEntries, PriorityEntries, StatusEntries } from "./entries";
import type { FullTask } from "./model";

type Props = { task: FullTask; editable: boolean };

export function Properties({ task, editable }: Props) {
  const cache = useQueryClient();
  return (
    <dl className="grid grid-cols-[7rem_1fr] items-center gap-y-1 text-sm">
      <Row label={t.task.status}>
        <Choice editable={editable} label={t.task.status} shown={<><StatusGlyph status={task.status} />{t.status[task.status]}</>}>
          <StatusEntries task={task} />
        </Choice>
      </Row>
      <Row label={t.task.priority}>
        <Choice editable={editable} label={t.task.priority} shown={<><PriorityGlyph priority={task.priority} />{t.priority[task.priority]}</>}>
          <PriorityEntries task={task} />
        </Choice>
      </Row>
      <Row label={t.task.assignees}><Assignees task={task} editable={editable} /></Row>
      <Row label={t.task.labels}><Labels task={task} editable={editable} /></Row>
      <Row label={t.task.start}>
        <DayField label={t.task.start} value={task.start_date} max={task.due_date} editable={editable} onChange={(start_date) => void edit(cache, task, { start_date })} />
      </Row>
      <Row label={t.task.due}>
        <DayField label={t.task.due} value={task.due_date} min={task.start_date} editable={editable} onChange={(due_date) => void edit(cache, task, { due_date })} />
      </Row>
      <Row label={t.task.estimate}>
        <input type="number" min={0} max={100_000} step={0.25} aria-label={t.task.estimateHours} disabled={!editable}
          key={task.estimate_seconds} defaultValue={task.estimate_seconds ? task.estimate_seconds / 3600 : ""} className={`${plain} w-24`}
          onBlur={(event) => {
            const estimate_seconds = event.target.value ? Math.round(Number(event.target.value) * 3600) : null;
            if (estimate_seconds !== (task.estimate_seconds ?? null)) void edit(cache, task, { estimate_seconds });
          }} /> <span className="text-ink-2">{t.task.hours}</span>
      </Row>
    </dl>
  );
}

const plain = "min-h-8 rounded-lg border border-transparent bg-transparent px-2 hover:border-line focus:border-line-strong disabled:opacity-100";

function Row({ label, children }: { label: string; children: ReactNode }) {
  return <><dt className="text-ink-2">{label}</dt><dd className="min-w-0">{children}</dd></>;
}

function Choice({ editable, label, shown, children }: { editable: boolean; label: string; shown: ReactNode; children: ReactNode }) {
  const inside = <span className="flex flex-wrap items-center gap-1.5">{shown}</span>;
  if (!editable) return <span className="flex min-h-8 items-center px-2">{inside}</span>;
  return <Menu trigger={<button type="button" className={`${plain} text-left`}><span className="sr-only">{label}: </span>{inside}</button>}>{children}</Menu>;
}

function Assignees({ task, editable }: Props) {
  const { find } = usePeople();
  const ids = task.assignee_ids;
  const shown = ids.length
    ? ids.map(find).map((person) => <span key={person.id} className="inline-flex items-center gap-1.5"><Avatar person={person} size="size-5" label={false} />{person.name}</span>)
    : <span className="text-ink-2">{t.task.nobody}</span>;
  return (
    <Choice editable={editable} label={t.task.assignees} shown={shown}>
      <AssigneeEntries task={task} />
    </Choice>
  );
}

function Labels({ task, editable }: Props) {
  const { data: labels = [] } = useQuery(labelsQuery(task.project_id));
  const ids = task.label_ids;
  const chosen = labels.filter((label) => ids.includes(label.id));
  if (labels.length === 0) return <span className="flex min-h-8 items-center px-2 text-ink-2">{t.task.noLabels}</span>;
  const shown = chosen.length
    ? chosen.map((label) => <span key={label.id} className="rounded-full border border-line px-2">{label.name}</span>)
    : <span className="text-ink-2">{t.task.none}</span>;
  return (
    <Choice editable={editable} label={t.task.labels} shown={shown}>
      <LabelEntries task={task} />
    </Choice>
  );
}

/** A day of the calendar; it is sent when one leaves the field, since each digit typed would be a day of its own. */
function DayField({ label, value, min, max, editable, onChange }: {
  label: string;
  value: string | null | undefined;
  min?: string | null | undefined;
  max?: string | null | undefined;
  editable: boolean;
  onChange: (day: string | null) => void;
}) {
  return (
    <input type="date" aria-label={label} disabled={!editable} key={value} defaultValue={value ?? ""} min={min ?? undefined} max={max ?? undefined} className={plain}
      onBlur={(event) => {
        const day = event.target.value || null;
        if (day !== (value ?? null) && event.target.validity.valid) onChange(day);
      }} />
  );
}
