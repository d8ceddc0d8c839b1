// Single things over time, each at its own value, with lines that so many percent of them keep below.
import { useId, type ReactNode } from "react";

import { Names, ValueLines } from "./axes";
import { Chart, HEIGHT } from "./chart";
import { color, DASHES, type Mark } from "./marks";
import { MARGIN, thinned, valueAxis, type Measure } from "./scale";

export type Dot = {
  id: string;
  /** From 0, the beginning of the period, to 1, its end. */
  at: number;
  value: number;
  /** When, in words. */
  when: string;
  name: string;
  /** Its name in the table, where that can be more than words. */
  row?: ReactNode;
};

export type Level = { name: string; value: number; mark: Mark };

type Props = {
  label: string;
  /** What a dot's value is. */
  of: string;
  head: readonly [name: string, when: string];
  dots: readonly Dot[];
  levels: readonly Level[];
  measure: Measure;
  /** Names of moments at equal distances. */
  ticks: readonly string[];
};

const DOT: Mark = 1;
const NAME_ROOM = 60;

export function ScatterChart({ label, of, head, dots, levels, measure, ticks }: Props) {
  const id = useId();
  const sorted = dots.toSorted((one, other) => one.at - other.at);
  const axis = valueAxis(Math.max(0, ...dots.map(({ value }) => value), ...levels.map(({ value }) => value)), HEIGHT, measure);
  const place = (at: number, width: number) => MARGIN.left + at * (width - MARGIN.left - MARGIN.right);

  function draw(width: number, height: number): ReactNode {
    return (
      <>
        <ValueLines axis={axis} width={width} measure={measure} />
        {levels.map(({ name, value, mark }) => (
          <path key={name} d={`M${MARGIN.left} ${axis.y(value)}H${width - MARGIN.right}`} stroke={color(mark)} strokeWidth="1.75" strokeDasharray={DASHES[mark]} />
        ))}
        {sorted.map((dot) => <circle key={`${id}${dot.id}`} cx={place(dot.at, width)} cy={axis.y(dot.value)} r="4.5" fill={color(DOT)} fillOpacity="0.7" stroke="var(--surface)" />)}
        <Names width={width} height={height} names={thinned(ticks.length, width, NAME_ROOM).map((index) => ({ x: place((index + 0.5) / ticks.length, width), name: ticks[index] ?? "" }))} />
      </>
    );
  }

  return (
    <Chart
      label={label}
      legend={[{ name: of, mark: DOT, drawn: "dot" }, ...levels.map(({ name, value, mark }) => ({ name: `${name}: ${measure.show(value)}`, mark, drawn: "line" as const }))]}
      draw={draw}
      readings={(width) => sorted.map((dot) => ({
        x: place(dot.at, width),
        title: dot.name,
        values: [{ name: dot.when, text: measure.show(dot.value), mark: DOT, drawn: "dot" }],
      }))}
      table={{ head: [...head, of], rows: sorted.map((dot) => [dot.row ?? dot.name, dot.when, measure.show(dot.value)]) }}
    />
  );
}
