// Parts of a period as they are named, and which of them have come yet.
import { plusDays, zone, type Day } from "~/lib/dates";
import { locale } from "~/lib/i18n";
import type { Part } from "~/ui/chart/series-chart";

import { lengthOf, type Granularity, type Period } from "./period";

/** A part as the API tells it: the day it begins on, and its first moment. */
export type Told = { date: Day; start: string };

const write = (options: Intl.DateTimeFormatOptions, timeZone: string) => new Intl.DateTimeFormat(locale(), { timeZone, ...options });

const DAY = { day: "numeric", month: "short" } as const;
const utc = (day: Day): Date => new Date(`${day}T00:00:00Z`);

export function partsOf(told: readonly Told[], cut: Granularity, period: Period): Part[] {
  return told.map(({ date, start }, index) => {
    const next = told[index + 1]?.date;
    const last = next && next > date ? plusDays(next, -1) : period.to;
    switch (cut) {
      case "hour": {
        const moment = new Date(start);
        return { tick: write({ hour: "numeric", minute: "2-digit" }, zone()).format(moment), name: write({ ...DAY, hour: "numeric", minute: "2-digit" }, zone()).format(moment) };
      }
      case "day": return { tick: write(DAY, "UTC").format(utc(date)), name: write({ ...DAY, weekday: "short" }, "UTC").format(utc(date)) };
      case "week": return { tick: write(DAY, "UTC").format(utc(date)), name: write(DAY, "UTC").formatRange(utc(date), utc(last)) };
      case "month": return { tick: write({ month: "short" }, "UTC").format(utc(date)), name: write({ month: "long", year: "numeric" }, "UTC").format(utc(date)) };
    }
  });
}

/** Whether a part has begun: what stands at the end of a later one nobody knows yet. */
export const begun = ({ start }: Told, now = Date.now()): boolean => Date.parse(start) <= now;

/** Days at equal distances over a period, as an axis names them. */
export function dayTicks(period: Period, most = 12): string[] {
  const days = lengthOf(period);
  const count = Math.min(days, most);
  return Array.from({ length: count }, (_, index) => write(DAY, "UTC").format(utc(plusDays(period.from, Math.floor(((index + 0.5) * days) / count)))));
}

/** The first moment of a day somewhere: clocks there are read until they show it. */
function beginOf(day: Day, timeZone: string): number {
  const shown = write({ year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" }, timeZone);
  const guess = utc(day).getTime();
  const at = (moment: number) => {
    const part = Object.fromEntries(shown.formatToParts(moment).map(({ type, value }) => [type, Number(value)]));
    return Date.UTC(part["year"] ?? 0, (part["month"] ?? 1) - 1, part["day"], part["hour"], part["minute"], part["second"]);
  };
  const once = guess - (at(guess) - guess);
  return once - (at(once) - guess);
}

/** A period from its first moment to the one that is not in it any more. */
export const daySpan = ({ from, to }: Period, timeZone = zone()): [number, number] => [beginOf(from, timeZone), beginOf(plusDays(to, 1), timeZone)];
