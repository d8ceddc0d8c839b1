import type { UseQueryResult } from "@tanstack/react-query";
import clsx from "clsx";
import type { ReactNode } from "react";

import { Failed } from "~/features/shell/failed";
import { Skeleton } from "~/ui/notice";

import { showChange, showNumber } from "./format";
import { w } from "./words";

type Props<T> = {
  title: string;
  hint: string;
  query: UseQueryResult<T>;
  /** Whether there is nothing to show, and what stands there then. */
  empty: readonly [(data: T) => boolean, string];
  children: (data: T) => ReactNode;
  wide?: boolean;
  /** It holds a list that is often short. */
  low?: boolean;
};

/** One thing to look at. Its box is as high before the numbers come. */
export function Panel<T>({ title, hint, query, empty: [isEmpty, words], children, wide = false, low = false }: Props<T>) {
  const { data, error, refetch, isPlaceholderData } = query;
  const height = low ? "min-h-36" : "min-h-72";
  return (
    <section aria-label={title} className={clsx("grid min-w-0 content-start gap-3 rounded-2xl border border-line bg-surface p-4 shadow-card", wide && "lg:col-span-2")}>
      <header><h2 className="font-semibold">{title}</h2><p className="text-sm text-pretty text-ink-2">{hint}</p></header>
      <div aria-busy={isPlaceholderData} className={clsx("min-w-0", height, isPlaceholderData && "opacity-60")}>
        {error && !data && <Failed error={error} again={refetch} />}
        {!data && !error && <Skeleton className={low ? "h-36" : "h-72"} />}
        {data !== undefined && (isEmpty(data) ? <p className={clsx("grid place-content-center px-4 text-center text-pretty text-ink-2", height)}>{words}</p> : children(data))}
      </div>
    </section>
  );
}

/** Panels beside each other where there is room. */
export function Panels({ children }: { children: ReactNode }) {
  return <div className="grid grid-cols-[minmax(0,1fr)] gap-4 lg:grid-cols-2">{children}</div>;
}

export type Figure = {
  name: string;
  value: string | undefined;
  /** The same number now and in the days before. */
  change?: readonly [now: number, before: number] | undefined;
  note?: string | undefined;
};

/** Numbers that are read at a glance. */
export function Figures({ figures }: { figures: readonly Figure[] }) {
  return (
    <dl className="grid grid-cols-2 gap-3 lg:grid-cols-4">
      {figures.map(({ name, value, change, note }) => (
        <div key={name} className="grid min-h-26 content-start gap-1 rounded-2xl border border-line bg-surface p-4 shadow-card">
          <dt className="text-sm text-ink-2">{name}</dt>
          <dd className="text-2xl font-semibold tabular-nums">{value ?? <Skeleton className="h-8 w-16" />}</dd>
          {change && <dd className="text-sm text-ink-2"><span className="font-medium text-ink">{showChange(...change)}</span> {w.numbers.before(showNumber(change[1]))}</dd>}
          {note && <dd className="text-sm text-ink-2">{note}</dd>}
        </div>
      ))}
    </dl>
  );
}
