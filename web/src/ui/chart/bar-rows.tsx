import type { ReactNode } from "react";

import type { Measure } from "./scale";

export type BarRow = { id: string; name: ReactNode; value: number; note?: string };

/** Amounts as bars that lie, each with its name and value written beside it: for few things that have names. */
export function BarRows({ label, rows, measure }: { label: string; rows: readonly BarRow[]; measure: Measure }) {
  const highest = Math.max(...rows.map(({ value }) => value), 1);
  return (
    <ul aria-label={label} className="grid gap-2.5">
      {rows.map(({ id, name, value, note }) => (
        <li key={id} className="grid gap-1">
          <span className="flex items-baseline gap-2 text-sm"><span className="min-w-0 flex-1 truncate">{name}</span>{note && <span className="shrink-0 text-ink-2">{note}</span>}<span className="shrink-0 font-medium tabular-nums">{measure.show(value)}</span></span>
          <span aria-hidden className="h-2 overflow-hidden rounded-full bg-sunken"><span className="block h-full rounded-full bg-chart-1" style={{ width: `${(value / highest) * 100}%` }} /></span>
        </li>
      ))}
    </ul>
  );
}
