// Where things stand in a chart.
import { scaleLinear } from "d3-scale";

/** How values are written: in which unit they are counted at the axis, and whether they have parts. */
export type Measure = {
  /** One step of the axis in values: 86,400 for days of seconds. */
  unit: number;
  whole: boolean;
  /** A value at the axis. */
  tick: (value: number) => string;
  /** A value that is read. */
  show: (value: number) => string;
};

/** Room around what is drawn, in pixels. */
export const MARGIN = { top: 10, right: 8, bottom: 24, left: 44 };

/** Pixels between two lines of the axis, about. */
const TICK_ROOM = 52;

export type ValueAxis = { ticks: number[]; y: (value: number) => number };

/** An axis from nothing up to a round value that is not below the highest. */
export function valueAxis(highest: number, height: number, measure: Pick<Measure, "unit" | "whole">): ValueAxis {
  const wanted = Math.max(2, Math.floor((height - MARGIN.top - MARGIN.bottom) / TICK_ROOM));
  const least = measure.whole ? Math.min(wanted, 4) : 1;
  const scale = scaleLinear().domain([0, Math.max(highest / measure.unit, least)]).nice(wanted).range([height - MARGIN.bottom, MARGIN.top]);
  const ticks = scale.ticks(wanted).filter((tick) => !measure.whole || Number.isInteger(tick));
  return { ticks: ticks.map((tick) => tick * measure.unit), y: (value) => scale(value / measure.unit) };
}

/** The middle of each of `count` parts that share the width. */
export function middles(count: number, width: number): { step: number; x: (index: number) => number } {
  const step = (width - MARGIN.left - MARGIN.right) / Math.max(count, 1);
  return { step, x: (index) => MARGIN.left + step * (index + 0.5) };
}

/** Which of `count` labels have room where each takes so many pixels: every second, third, …, from the first on. */
export function thinned(count: number, width: number, each: number): number[] {
  const fitting = Math.max(1, Math.floor((width - MARGIN.left - MARGIN.right) / each));
  const step = Math.max(1, Math.ceil(count / fitting));
  return Array.from({ length: Math.ceil(count / step) }, (_, index) => index * step);
}

/** The place among rising `places` that is nearest to `x`; -1 where there are none. */
export function nearest(places: readonly number[], x: number): number {
  let best = -1;
  places.forEach((place, index) => {
    const known = places[best];
    if (known === undefined || Math.abs(place - x) < Math.abs(known - x)) best = index;
  });
  return best;
}

/** Values of several series one upon another: for each its lower and upper edges. */
export function stack(series: readonly (readonly (number | null)[])[]): [number, number][][] {
  const base: number[] = [];
  return series.map((values) => values.map((value, index) => {
    const from = base[index] ?? 0;
    base[index] = from + (value ?? 0);
    return [from, base[index]];
  }));
}
