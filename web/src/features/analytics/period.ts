// Which days are looked at, and how they are cut. It stands in the address, where anything can be written.
import { daysBetween, plusDays, plusMonths, type Day } from "~/lib/dates";

export const PRESETS = ["7d", "28d", "90d", "365d", "month", "last_month", "quarter"] as const;
export type Preset = (typeof PRESETS)[number];

export const GRANULARITIES = ["hour", "day", "week", "month"] as const;
export type Granularity = (typeof GRANULARITIES)[number];

export type PeriodSearch = {
  /** Days that move on; four weeks where neither this nor two days are given. */
  period?: Preset;
  from?: Day;
  to?: Day;
  by?: Granularity;
  /** Left out: the days before are shown too. */
  compare?: false;
};

export type Period = { from: Day; to: Day };

const USUAL: Preset = "28d";

/** Of the API: a leap year, and a month where days are cut into hours. */
export const MOST_DAYS = 366;
const MOST_DAYS_OF_HOURS = 31;

const isDay = (value: unknown): value is Day =>
  typeof value === "string" && /^\d{4}-\d{2}-\d{2}$/.test(value) && !Number.isNaN(Date.parse(`${value}T00:00:00Z`));

export const lengthOf = ({ from, to }: Period): number => daysBetween(from, to) + 1;

const isPeriod = (from: unknown, to: unknown): boolean => isDay(from) && isDay(to) && from <= to && lengthOf({ from, to }) <= MOST_DAYS;

/** What of an address makes sense. */
export function periodSearch(search: Record<string, unknown>): PeriodSearch {
  const { from, to } = search;
  const preset = PRESETS.find((preset) => preset === search["period"]);
  const by = GRANULARITIES.find((granularity) => granularity === search["by"]);
  return {
    ...(isPeriod(from, to) ? { from: String(from), to: String(to) } : preset && preset !== USUAL && { period: preset }),
    ...(by && { by }),
    ...(search["compare"] === false && { compare: false as const }),
  };
}

/** Which choice the address stands for. */
export const presetOf = (search: PeriodSearch): Preset | "own" => (search.from ? "own" : search.period ?? USUAL);

/** The days meant, on the day `now`. */
export function periodOf(search: PeriodSearch, now: Day): Period {
  if (search.from && search.to) return { from: search.from, to: search.to };
  const month = now.slice(0, 7);
  switch (search.period ?? USUAL) {
    case "7d": return { from: plusDays(now, -6), to: now };
    case "28d": return { from: plusDays(now, -27), to: now };
    case "90d": return { from: plusDays(now, -89), to: now };
    case "365d": return { from: plusDays(now, -364), to: now };
    case "month": return { from: `${month}-01`, to: now };
    case "last_month": return { from: `${plusMonths(month, -1)}-01`, to: plusDays(`${month}-01`, -1) };
    case "quarter": return { from: `${plusMonths(month, -((Number(month.slice(5)) - 1) % 3))}-01`, to: now };
  }
}

/** Into what so many days may be cut: nothing longer than they are, and no more parts than can be told apart. */
export function cuts(days: number): Granularity[] {
  return GRANULARITIES.filter((cut) => {
    if (cut === "hour") return days <= MOST_DAYS_OF_HOURS;
    if (cut === "week") return days > 7;
    return cut === "day" || days > 31;
  });
}

/** What was asked for, if that goes; else what gives some dozens of parts. */
export function cutOf(search: PeriodSearch, period: Period): Granularity {
  const days = lengthOf(period);
  if (search.by && cuts(days).includes(search.by)) return search.by;
  if (days <= 2) return "hour";
  if (days <= 62) return "day";
  return days <= MOST_DAYS / 2 ? "week" : "month";
}

/** The days right before, as many. */
export function before(period: Period): Period {
  const days = lengthOf(period);
  return { from: plusDays(period.from, -days), to: plusDays(period.to, -days) };
}
