import { getRouteApi } from "@tanstack/react-router";

import { usePeople } from "~/features/session/queries";
import { Button } from "~/ui/button";
import { Field, SelectField } from "~/ui/field";

import type { AuditSearch } from "./search";
import { w } from "./words";

const route = getRouteApi("/frame/settings/audit");

/** What of the log is shown; it stands in the address. */
export function AuditFilter() {
  const filter = route.useSearch();
  const navigate = route.useNavigate();
  const { all } = usePeople();
  const set = (name: keyof AuditSearch) => (event: { target: { value: string } }) => {
    const { [name]: _, ...rest } = filter;
    void navigate({ search: { ...rest, ...(event.target.value && { [name]: event.target.value }) }, replace: true });
  };
  return (
    <div className="grid grid-cols-2 gap-3 rounded-2xl border border-line bg-surface p-3 shadow-card xl:grid-cols-5">
      <SelectField label={w.audit.what} value={filter.action ?? ""} onChange={set("action")}>
        <option value="">{w.audit.anything}</option>
        {Object.entries(w.audit.subjects).map(([subject, name]) => <option key={subject} value={subject}>{name}</option>)}
      </SelectField>
      <SelectField label={w.audit.who} value={filter.actor ?? ""} onChange={set("actor")}>
        <option value="">{w.audit.anybody}</option>
        {all.map((person) => <option key={person.id} value={person.id}>{person.name}</option>)}
      </SelectField>
      <SelectField label={w.audit.outcome} className="max-xl:col-span-full" value={filter.outcome ?? ""} onChange={set("outcome")}>
        <option value="">{w.audit.either}</option>
        <option value="let">{w.audit.let}</option>
        <option value="refused">{w.audit.refused}</option>
      </SelectField>
      <Field label={w.audit.from} type="date" value={filter.from ?? ""} max={filter.to} onChange={set("from")} />
      <Field label={w.audit.to} type="date" value={filter.to ?? ""} min={filter.from} onChange={set("to")} />
      {Object.keys(filter).length > 0 && <div className="col-span-full"><Button kind="quiet" onClick={() => void navigate({ search: {}, replace: true })}>{w.audit.clear}</Button></div>}
    </div>
  );
}
