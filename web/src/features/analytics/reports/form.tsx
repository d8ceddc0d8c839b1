// What a report shows: measures by a group, of what a filter passes, in a period.
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { projectsQuery } from "~/features/project/queries";
import { useMay, useMe, usePeople } from "~/features/session/queries";
import { PRIORITIES, STATUSES } from "~/features/task/model";
import { api, ask, type Schemas } from "~/lib/api/client";
import { zone } from "~/lib/dates";
import { t } from "~/lib/i18n";
import { Dialog } from "~/ui/dialog";
import { Check, Field, SelectField } from "~/ui/field";
import { Form } from "~/ui/form";
import { Notice } from "~/ui/notice";

import { w } from "../words";
import { filtersOf, goesBy, GROUPS, MEASURES, RELATIVES, type Definition, type FilterName, type Group, type Measure, type Relative } from "./rules";

type CustomReport = Schemas["CustomReport"];
type Props = { report?: CustomReport; onClose: () => void; onDone: (report: CustomReport) => void };

export function ReportForm({ report, onClose, onDone }: Props) {
  const all = useMay("analytics:read");
  const me = useMe().user.id;
  const given = report?.definition;
  const [measures, setMeasures] = useState<readonly Measure[]>(given?.measures ?? ["tasks_done"]);
  const [group, setGroup] = useState<Group>(given?.group_by ?? "week");
  const [own, setOwn] = useState(Boolean(given && !given.period.relative));
  const fitting = measures.filter((measure) => goesBy(measure, group));
  const filters = filtersOf(fitting);

  async function send(values: Record<string, string>) {
    const filter = Object.fromEntries(filters.flatMap((name) => (values[name] ? [[name, values[name]]] : [])));
    const definition: Definition = {
      measures: fitting, group_by: group, timezone: zone(), filter: all ? filter : { ...filter, user_id: me },
      period: own ? { from: values["from"] ?? null, to: values["to"] ?? null } : { relative: values["relative"] as Relative },
    };
    const name = values["name"] ?? "";
    onDone(await ask(report
      ? api.PUT("/api/v1/analytics/custom-reports/{id}", { params: { path: { id: report.id } }, body: { name, definition, version: report.version } })
      : api.POST("/api/v1/analytics/custom-reports", { body: { name, definition } })));
  }

  const title = report ? t.common.edit : w.report.create;
  return (
    <Dialog title={title} onClose={onClose}>
      <Form action={t.common.save} send={send}>
        {(errors) => (
          <>
            <Field label={t.common.name} name="name" required maxLength={100} defaultValue={report?.name ?? ""} error={errors.get("name")}
              // The dialog is opened to type here.
              // eslint-disable-next-line jsx-a11y/no-autofocus
              autoFocus />
            <SelectField label={w.report.by} value={group} onChange={(event) => setGroup(event.target.value as Group)}>
              {GROUPS.map((group) => <option key={group} value={group}>{w.report.groups[group]}</option>)}
            </SelectField>
            <fieldset>
              <legend className="mb-1 text-sm font-medium">{w.report.measures}</legend>
              <div className="grid gap-1.5 sm:grid-cols-2">
                {MEASURES.filter((measure) => goesBy(measure, group)).map((measure) => (
                  <Check key={measure} label={w.report.measureNames[measure]} checked={measures.includes(measure)}
                    onChange={(event) => setMeasures(event.target.checked ? [...measures, measure] : measures.filter((other) => other !== measure))} />
                ))}
              </div>
              {fitting.length === 0 && <p className="mt-1 text-sm text-danger">{w.report.noMeasure}</p>}
            </fieldset>
            <div className="grid gap-4 sm:grid-cols-2">
              {filters.map((name) => (name !== "user_id" || all) && <Filter key={name} name={name} value={given?.filter?.[name] ?? ""} />)}
            </div>
            {!all && <Notice kind="calm">{w.report.ownOnly}</Notice>}
            <SelectField label={w.period.label} name="relative" defaultValue={given ? given.period.relative ?? "own" : "last_90_days"} onChange={(event) => setOwn(event.target.value === "own")}>
              {RELATIVES.map((relative) => <option key={relative} value={relative}>{w.report.relatives[relative]}</option>)}
              <option value="own">{w.period.own}</option>
            </SelectField>
            {own && (
              <div className="grid grid-cols-2 gap-4">
                <Field label={w.period.from} name="from" type="date" required defaultValue={given?.period.from ?? ""} error={errors.get("definition/period/from")} />
                <Field label={w.period.to} name="to" type="date" required defaultValue={given?.period.to ?? ""} error={errors.get("definition/period/to")} />
              </div>
            )}
          </>
        )}
      </Form>
    </Dialog>
  );
}

function Filter({ name, value }: { name: FilterName; value: string }) {
  const { data: projects = [] } = useQuery(projectsQuery);
  const { all: people } = usePeople();
  const choices: Record<FilterName, () => readonly (readonly [string, string])[]> = {
    project_id: () => projects.map(({ id, name }) => [id, name]),
    user_id: () => people.map(({ id, name }) => [id, name]),
    status: () => STATUSES.map((status) => [status, t.status[status]]),
    priority: () => PRIORITIES.map((priority) => [priority, t.priority[priority]]),
  };
  const shown = choices[name]();
  return (
    // What is chosen already may be known only once the list has come.
    <SelectField key={shown.length} label={w.report.filters[name]} name={name} defaultValue={value}>
      <option value="">{w.report.any}</option>
      {shown.map(([id, label]) => <option key={id} value={id}>{label}</option>)}
    </SelectField>
  );
}
