// Numbers and durations in the reader's way of writing.
import { locale } from "~/lib/i18n";
import type { Measure } from "~/ui/chart/scale";

export const showNumber = (value: number): string => new Intl.NumberFormat(locale(), { maximumFractionDigits: 1 }).format(value);

const UNITS = [["day", 86_400], ["hour", 3600], ["minute", 60]] as const;

const inUnit = (value: number, unit: string, unitDisplay: "short" | "narrow"): string =>
  new Intl.NumberFormat(locale(), { style: "unit", unit, unitDisplay, maximumFractionDigits: 1 }).format(value);

/** A duration in its two greatest units: 2 days 4 hr. */
export function showDuration(seconds: number): string {
  const shown: string[] = [];
  let left = Math.round(seconds / 60) * 60;
  for (const [unit, length] of UNITS) {
    const count = Math.floor(left / length);
    if (count > 0) shown.push(inUnit(count, unit, "short"));
    left -= count * length;
    if (shown.length === 2 || (shown.length === 1 && count === 0)) break;
  }
  return shown.join(" ") || inUnit(seconds, "second", "short");
}

export const COUNTS: Measure = { unit: 1, whole: true, tick: showNumber, show: showNumber };

/** Durations up to `highest` seconds: in days, hours or minutes, whichever gives axes of small numbers. */
export function durations(highest: number): Measure {
  const [unit, length] = UNITS.find(([, length]) => highest >= 2 * length) ?? UNITS[2];
  return { unit: length, whole: false, tick: (value) => inUnit(value / length, unit, "narrow"), show: showDuration };
}

const HOUR = 3600;

/** Estimates: hours of work, however many. */
export const ESTIMATES: Measure = {
  unit: HOUR, whole: true, tick: (value) => inUnit(value / HOUR, "hour", "narrow"), show: (value) => inUnit(value / HOUR, "hour", "short"),
};

/** How a number differs from an earlier one: by percent, or by itself where there was nothing before. */
export function showChange(now: number, before: number): string {
  if (before === 0) return new Intl.NumberFormat(locale(), { signDisplay: "exceptZero" }).format(now);
  return new Intl.NumberFormat(locale(), { style: "percent", signDisplay: "exceptZero", maximumFractionDigits: 0 }).format(now / before - 1);
}

/** The mean of each value and the `over - 1` before it, where there are that many. */
export function movingMean(values: readonly number[], over: number): (number | null)[] {
  return values.map((_, index) => {
    if (index + 1 < over) return null;
    return values.slice(index + 1 - over, index + 1).reduce((sum, value) => sum + value, 0) / over;
  });
}
