// What tells the series of a chart apart: a colour, and beside it always a pattern, a dash or a form.

export type Mark = 1 | 2 | 3 | 4 | 5 | 6;

/** How a series is drawn. */
export type Drawn = "line" | "bar" | "area" | "dot";

const MARKS: readonly Mark[] = [1, 2, 3, 4, 5, 6];

export const color = (mark: Mark): string => `var(--chart-${mark})`;

export const DASHES: Record<Mark, string | undefined> = { 1: undefined, 2: "7 4", 3: "2 3", 4: "10 3 2 3", 5: "4 2", 6: "1 4" };

/** What is scratched into a filled ground of eight by eight. */
const SCRATCHES: Record<Mark, string> = {
  1: "",
  2: "M-2 2l4-4M0 8l8-8M6 10l4-4",
  3: "M2 2h.01M6 6h.01",
  4: "M0 4h8",
  5: "M4 0v8",
  6: "M0 4h8M4 0v8",
};

/** The fills of all marks, to be named by `fill`. */
export function Patterns({ id }: { id: string }) {
  return (
    <defs>
      {MARKS.map((mark) => (
        <pattern key={mark} id={`${id}${mark}`} width="8" height="8" patternUnits="userSpaceOnUse">
          <rect width="8" height="8" fill={color(mark)} />
          <path d={SCRATCHES[mark]} stroke="var(--surface)" strokeWidth={mark === 3 ? 2.5 : 1.5} strokeOpacity="0.75" strokeLinecap="round" />
        </pattern>
      ))}
    </defs>
  );
}

export const fill = (id: string, mark: Mark): string => `url(#${id}${mark})`;

/** A small sample of a mark, as it is drawn in its chart. */
export function Sample({ id, mark, drawn }: { id: string; mark: Mark; drawn: Drawn }) {
  return (
    <svg viewBox="0 0 16 12" aria-hidden className="h-3 w-4 shrink-0">
      {drawn === "line" && <path d="M0 6h16" stroke={color(mark)} strokeWidth="2.5" strokeDasharray={DASHES[mark]} />}
      {drawn === "dot" && <circle cx="8" cy="6" r="4" fill={color(mark)} />}
      {(drawn === "bar" || drawn === "area") && <rect y="1" width="16" height="10" rx="2" fill={fill(id, mark)} />}
    </svg>
  );
}
