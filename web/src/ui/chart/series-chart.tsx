// Values over parts of a period, as lines, areas or bars.
import { area, line } from "d3-shape";
import type { ReactNode } from "react";

import { Names, ValueLines } from "./axes";
import { Chart, HEIGHT } from "./chart";
import { color, DASHES, fill, type Drawn, type Mark } from "./marks";
import { middles, stack, thinned, valueAxis, type Measure } from "./scale";

export type Series = {
  name: string;
  mark: Mark;
  drawn: Exclude<Drawn, "dot">;
  /** One for each part; none where nothing is known. */
  values: readonly (number | null)[];
};

export type Part = {
  /** At the axis. */
  tick: string;
  /** Where it is read. */
  name: string;
};

type Props = {
  label: string;
  /** What the parts are, over their names in the table. */
  of: string;
  parts: readonly Part[];
  series: readonly Series[];
  measure: Measure;
  stacked?: boolean;
};

/** Pixels of a name below the axis. */
const NAME_ROOM = 60;
const MOST_BAR = 28;

export function SeriesChart({ label, of, parts, series, measure, stacked = false }: Props) {
  const edges: Edges[] = stacked ? stack(series.map(({ values }) => values)) : series.map(({ values }) => values.map((value) => (value === null ? null : [0, value])));
  const highest = Math.max(0, ...edges.flat().map((edge) => edge?.[1] ?? 0));
  const axis = valueAxis(highest, HEIGHT, measure);
  const text = (value: number | null | undefined) => (value === null || value === undefined ? "–" : measure.show(value));
  const bars = series.filter(({ drawn }) => drawn === "bar").length;

  function draw(width: number, height: number, patterns: string): ReactNode {
    const { step, x } = middles(parts.length, width);
    const bar = Math.min(MOST_BAR, (step * 0.8) / (stacked ? 1 : Math.max(bars, 1)));
    return (
      <>
        <ValueLines axis={axis} width={width} measure={measure} />
        {series.map(({ name, mark, drawn }, index) => {
          const edge = edges[index] ?? [];
          if (drawn === "line") return <Line key={name} edges={edge} x={x} y={axis.y} mark={mark} />;
          if (drawn === "area") return <Area key={name} edges={edge} x={x} y={axis.y} mark={mark} patterns={patterns} />;
          const shift = stacked ? -bar / 2 : (index - bars / 2) * bar;
          return <Bars key={name} edges={edge} x={(at) => x(at) + shift} y={axis.y} width={bar} fill={fill(patterns, mark)} />;
        })}
        <Names width={width} height={height} names={thinned(parts.length, width, NAME_ROOM).map((index) => ({ x: x(index), name: parts[index]?.tick ?? "" }))} />
      </>
    );
  }

  return (
    <Chart
      label={label}
      legend={series}
      draw={draw}
      readings={(width) => parts.map(({ name }, index) => ({
        x: middles(parts.length, width).x(index),
        title: name,
        values: series.map((one) => ({ ...one, text: text(one.values[index]) })),
      }))}
      table={{ head: [of, ...series.map(({ name }) => name)], rows: parts.map(({ name }, index) => [name, ...series.map(({ values }) => text(values[index]))]) }}
    />
  );
}

type Edges = readonly (readonly [number, number] | null)[];
type Drawing = { edges: Edges; x: (index: number) => number; y: (value: number) => number };

function Line({ edges, x, y, mark }: Drawing & { mark: Mark }) {
  const path = line<readonly [number, number] | null>().defined(Boolean).x((_, index) => x(index)).y((edge) => y(edge?.[1] ?? 0))([...edges]);
  // A value between two gaps has no line.
  const alone = edges.map((edge, index) => (edge && !edges[index - 1] && !edges[index + 1] ? <circle key={index} cx={x(index)} cy={y(edge[1])} r="2.5" fill={color(mark)} /> : null));
  return <><path d={path ?? ""} fill="none" stroke={color(mark)} strokeWidth="2.25" strokeDasharray={DASHES[mark]} strokeLinejoin="round" />{alone}</>;
}

function Area({ edges, x, y, mark, patterns }: Drawing & { mark: Mark; patterns: string }) {
  const known = edges.filter((edge) => edge !== null);
  const shape = area<readonly [number, number]>().x((_, index) => x(index)).y0(([from]) => y(from)).y1(([, to]) => y(to))(known);
  const top = line<readonly [number, number]>().x((_, index) => x(index)).y(([, to]) => y(to))(known);
  return <><path d={shape ?? ""} fill={fill(patterns, mark)} fillOpacity="0.85" /><path d={top ?? ""} fill="none" stroke={color(mark)} strokeWidth="1.5" /></>;
}

function Bars({ edges, x, y, width, fill }: Drawing & { width: number; fill: string }) {
  return edges.map((edge, index) => edge && edge[1] > edge[0] && (
    <rect key={index} x={x(index)} y={y(edge[1])} width={Math.max(width - 1, 1)} height={y(edge[0]) - y(edge[1])} rx={Math.min(2, width / 4)} fill={fill} />
  ));
}
