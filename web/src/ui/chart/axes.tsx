import { MARGIN, type Measure, type ValueAxis } from "./scale";

/** The lines of the values, and their names at the left. */
export function ValueLines({ axis, width, measure }: { axis: ValueAxis; width: number; measure: Measure }) {
  return (
    <g fontSize="11" fill="currentColor">
      {axis.ticks.map((tick) => (
        <g key={tick} transform={`translate(0 ${axis.y(tick)})`}>
          <path d={`M${MARGIN.left} 0H${width - MARGIN.right}`} stroke="var(--line)" />
          <text x={MARGIN.left - 6} dy="0.32em" textAnchor="end">{measure.tick(tick)}</text>
        </g>
      ))}
    </g>
  );
}

/** Names below; the outer ones keep inside. */
export function Names({ names, width, height }: { names: readonly { x: number; name: string }[]; width: number; height: number }) {
  const anchor = (x: number) => (x < MARGIN.left + 20 ? "start" : x > width - MARGIN.right - 20 ? "end" : "middle");
  return (
    <g fontSize="11" fill="currentColor">
      {names.map(({ x, name }) => <text key={x} x={anchor(x) === "start" ? MARGIN.left : anchor(x) === "end" ? width - MARGIN.right : x} y={height - 6} textAnchor={anchor(x)}>{name}</text>)}
    </g>
  );
}
