// What all charts share: a box of a fixed height, so that nothing moves when it fills; a legend; values read by pointer,
// finger or keyboard; and the same as a table.
import { useEffect, useId, useRef, useState, type PointerEvent, type ReactNode } from "react";

import { t } from "~/lib/i18n";

import { Patterns, Sample, type Drawn, type Mark } from "./marks";
import { nearest } from "./scale";
import { DataTable, type Table } from "./table";

/** What can be read at one place. */
export type Reading = {
  x: number;
  title: string;
  values: readonly { name: string; text: string; mark: Mark; drawn: Drawn }[];
};

type Props = {
  label: string;
  legend: readonly { name: string; mark: Mark; drawn: Drawn }[];
  height?: number;
  /** From left to right. */
  readings: (width: number) => readonly Reading[];
  draw: (width: number, height: number, patterns: string) => ReactNode;
  table: Table;
};

export const HEIGHT = 240;

export function Chart({ label, legend, height = HEIGHT, readings, draw, table }: Props) {
  const patterns = useId().replaceAll(/[^\w-]/g, "");
  const [box, width] = useWidth();
  const [at, setAt] = useState<number | null>(null);
  const places = width > 0 ? readings(width) : [];
  const read = at === null ? undefined : places[Math.min(at, places.length - 1)];
  const last = Math.max(places.length - 1, 0);
  const say = (reading: Reading) => `${reading.title}: ${reading.values.map(({ name, text }) => `${name} ${text}`).join(", ")}`;
  function point(event: PointerEvent<HTMLDivElement>) {
    const found = nearest(places.map((place) => place.x), event.clientX - event.currentTarget.getBoundingClientRect().left);
    setAt(found < 0 ? null : found);
  }
  return (
    <figure aria-label={label} className="grid min-w-0 gap-2">
      {legend.length > 1 && (
        <ul className="flex flex-wrap gap-x-4 gap-y-1 text-sm text-ink-2">
          {legend.map(({ name, mark, drawn }) => (
            <li key={name} className="flex items-center gap-1.5"><Sample id={patterns} mark={mark} drawn={drawn} />{name}</li>
          ))}
        </ul>
      )}
      <div ref={box} style={{ height }} onPointerMove={point} onPointerDown={point} onPointerLeave={() => setAt(null)}
        className="relative touch-pan-y rounded-lg has-[:focus-visible]:outline-2 has-[:focus-visible]:outline-offset-2 has-[:focus-visible]:outline-accent">
        {width > 0 && (
          <svg aria-hidden width={width} height={height} className="absolute inset-0 overflow-visible text-ink-2">
            <Patterns id={patterns} />
            {draw(width, height, patterns)}
            {read && <path d={`M${read.x} 0v${height - 20}`} stroke="var(--line-strong)" strokeDasharray="2 2" />}
          </svg>
        )}
        {places.length > 0 && (
          <input type="range" min={0} max={last} value={at ?? last} aria-label={t.chart.read(label)} aria-valuetext={say(read ?? places[last] ?? { x: 0, title: "", values: [] })}
            onChange={(event) => setAt(Number(event.target.value))} onFocus={() => setAt((known) => known ?? last)} onBlur={() => setAt(null)}
            className="pointer-events-none absolute inset-0 size-full opacity-0" />
        )}
        {read && <Tip reading={read} width={width} patterns={patterns} />}
      </div>
      <DataTable label={label} {...table} />
    </figure>
  );
}

/** The values at the place that is read; beside it, on the side where there is more room. */
function Tip({ reading, width, patterns }: { reading: Reading; width: number; patterns: string }) {
  const right = reading.x > width / 2;
  return (
    <div aria-hidden style={right ? { right: width - reading.x + 10 } : { left: reading.x + 10 }}
      className="pointer-events-none absolute top-1 z-10 grid max-w-56 gap-0.5 rounded-lg border border-line bg-raised px-2.5 py-1.5 text-sm shadow-float">
      <span className="font-medium">{reading.title}</span>
      {reading.values.map(({ name, text, mark, drawn }) => (
        <span key={name} className="flex items-center gap-1.5"><Sample id={patterns} mark={mark} drawn={drawn} /><span className="min-w-0 flex-1 truncate text-ink-2">{name}</span><span className="tabular-nums">{text}</span></span>
      ))}
    </div>
  );
}

/** The width of an element as it is. */
function useWidth() {
  const ref = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  useEffect(() => {
    const element = ref.current;
    if (!element) return;
    const observer = new ResizeObserver(() => setWidth(element.clientWidth));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return [ref, width] as const;
}
