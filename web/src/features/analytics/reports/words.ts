import { showDay } from "~/lib/dates";

import { w } from "../words";
import type { Column, Definition } from "./rules";

/** A definition as people would say it. */
export function describe({ measures, group_by, period }: Definition): string {
  const when = period.relative ? w.report.relatives[period.relative] : `${showDay(period.from ?? "")} – ${showDay(period.to ?? "")}`;
  return `${measures.map((measure) => w.report.measureNames[measure]).join(", ")} · ${w.report.groups[group_by]} · ${when}`;
}

export const headOf = ({ measure, part }: Column): string =>
  part ? `${w.report.measureNames[measure]}, ${w.report.parts[part]}` : w.report.measureNames[measure];
