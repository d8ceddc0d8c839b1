import { useState, type ReactNode } from "react";

import { t } from "~/lib/i18n";

export type Table = {
  /** The first names the rows. */
  head: readonly string[];
  rows: readonly (readonly ReactNode[])[];
};

/** The values of a chart as a table, for who reads rather than looks. Made when it is opened: charts have many values. */
export function DataTable({ label, ...table }: Table & { label: string }) {
  const [open, setOpen] = useState(false);
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)} className="text-sm">
      <summary className="w-fit rounded-md text-ink-2 hover:text-ink">{t.chart.table}</summary>
      {open && <Rows label={label} {...table} className="mt-2 max-h-80" />}
    </details>
  );
}

/** A table that scrolls by itself where it is wider than the screen. */
export function Rows({ label, head, rows, className = "" }: Table & { label: string; className?: string }) {
  return (
    // Who has no pointer scrolls by keyboard, and therefore comes here.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div role="group" aria-label={label} tabIndex={0} className={`overflow-auto rounded-lg border border-line ${className}`}>
      <table className="w-full text-left text-sm tabular-nums">
        <thead className="text-ink-2 [&_th]:sticky [&_th]:top-0 [&_th]:bg-sunken">
          <tr>{head.map((name, column) => <th key={name} scope="col" className={`px-2.5 py-1.5 font-medium ${column ? "text-right" : ""}`}>{name}</th>)}</tr>
        </thead>
        <tbody className="divide-y divide-line">
          {rows.map(([name, ...values], row) => (
            <tr key={row}>
              <th scope="row" className="px-2.5 py-1 font-normal">{name}</th>
              {values.map((value, column) => <td key={column} className="px-2.5 py-1 text-right">{value}</td>)}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
