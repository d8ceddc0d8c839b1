import { useId, useState, type ComponentProps, type FormEvent } from "react";

import { today, zone } from "~/lib/dates";
import { Button } from "~/ui/button";
import { Check } from "~/ui/field";

import { cutOf, cuts, lengthOf, periodOf, periodSearch, presetOf, PRESETS, type PeriodSearch } from "./period";
import { w } from "./words";

type Props = { search: PeriodSearch; onChange: (search: PeriodSearch) => void; comparable?: boolean };

/** Which days, how they are cut, and whether the days before are shown too. */
export function PeriodBar({ search, onChange, comparable = true }: Props) {
  const period = periodOf(search, today());
  const [own, setOwn] = useState(false);
  const preset = own ? "own" : presetOf(search);
  const { from: _from, to: _to, period: _period, ...rest } = search;
  return (
    <div className="flex flex-wrap items-end gap-x-4 gap-y-3">
      <Choice label={w.period.label} value={preset} onChange={(event) => {
        setOwn(event.target.value === "own");
        if (event.target.value !== "own") onChange({ ...rest, ...periodSearch({ period: event.target.value }) });
      }}>
        {PRESETS.map((preset) => <option key={preset} value={preset}>{w.period.presets[preset]}</option>)}
        <option value="own">{w.period.own}</option>
      </Choice>
      {preset === "own" && <Days key={`${period.from}${period.to}`} {...period} onChange={(days) => {
        setOwn(false);
        onChange({ ...rest, ...days });
      }} />}
      <Choice label={w.period.by} value={cutOf(search, period)} onChange={(event) => onChange({ ...search, ...periodSearch({ by: event.target.value }) })}>
        {cuts(lengthOf(period)).map((cut) => <option key={cut} value={cut}>{w.period.cuts[cut]}</option>)}
      </Choice>
      {comparable && (
        <div className="py-1.5"><Check label={w.period.compare} checked={search.compare !== false} onChange={(event) => {
          const { compare: _, ...others } = search;
          onChange(event.target.checked ? others : { ...others, compare: false });
        }} /></div>
      )}
      <p className="py-1.5 text-sm text-ink-2">{w.period.zone(zone())}</p>
    </div>
  );
}

const inputClass = "min-h-9 w-full rounded-lg border border-line-strong bg-surface px-2.5 py-1.5";

export function Choice({ label, ...rest }: ComponentProps<"select"> & { label: string }) {
  const id = useId();
  return <div className="grid gap-1"><label htmlFor={id} className="text-sm font-medium">{label}</label><select id={id} className={inputClass} {...rest} /></div>;
}

function Days({ from, to, onChange }: { from: string; to: string; onChange: (days: PeriodSearch) => void }) {
  const [wrong, setWrong] = useState(false);
  const id = useId();
  function send(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const days = periodSearch({ from: form.get("from"), to: form.get("to") });
    setWrong(!days.from);
    if (days.from) onChange(days);
  }
  const day = (name: "from" | "to", value: string) => (
    <div className="grid gap-1">
      <label htmlFor={id + name} className="text-sm font-medium">{w.period[name]}</label>
      <input id={id + name} name={name} type="date" required defaultValue={value} aria-invalid={wrong} aria-describedby={wrong ? `${id}wrong` : undefined} className={inputClass} />
    </div>
  );
  return (
    <form onSubmit={send} className="flex flex-wrap items-end gap-2">
      {day("from", from)}{day("to", to)}
      <Button type="submit">{w.period.show}</Button>
      {wrong && <p id={`${id}wrong`} role="alert" className="w-full text-sm text-danger">{w.period.wrong}</p>}
    </form>
  );
}
