// Days and moments. A due date is a day of the calendar, the same for readers everywhere, and never goes through a time
// zone; a moment is shown in the reader's.
import { locale } from "./i18n";

/** A day, `2026-03-01`. */
export type Day = string;

const MS_A_DAY = 86_400_000;

/** The time zone of the reader. */
export const zone = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone;

/** The day that it is for the reader. */
export function today(now = new Date(), timeZone = zone()): Day {
  // Canada writes ISO dates.
  return new Intl.DateTimeFormat("en-CA", { timeZone, year: "numeric", month: "2-digit", day: "2-digit" }).format(now);
}

const utc = (day: Day): Date => new Date(`${day}T00:00:00Z`);
const toDay = (date: Date): Day => date.toISOString().slice(0, 10);

/** The day so many days later, or earlier. */
export const plusDays = (day: Day, days: number): Day => toDay(new Date(utc(day).getTime() + days * MS_A_DAY));

/** Days from one day to another. */
export const daysBetween = (from: Day, to: Day): number => Math.round((utc(to).getTime() - utc(from).getTime()) / MS_A_DAY);

/** A day in words, without the year where it is the present one. */
export function showDay(day: Day, now: Day = today()): string {
  const year = day.slice(0, 4) === now.slice(0, 4) ? undefined : "numeric";
  return new Intl.DateTimeFormat(locale(), { timeZone: "UTC", day: "numeric", month: "short", year }).format(utc(day));
}

/** A day near the present one as people say it, else as `showDay`. */
export function nearDay(day: Day, now: Day = today()): string {
  const days = daysBetween(now, day);
  if (Math.abs(days) > 1) return showDay(day, now);
  return new Intl.RelativeTimeFormat(locale(), { numeric: "auto" }).format(days, "day");
}

/** A moment in the reader's zone. */
export function showMoment(moment: string, timeZone = zone()): string {
  return new Intl.DateTimeFormat(locale(), { timeZone, dateStyle: "medium", timeStyle: "short" }).format(new Date(moment));
}

const STEPS: readonly [Intl.RelativeTimeFormatUnit, number][] = [
  ["day", 86_400], ["hour", 3600], ["minute", 60],
];

/** How long ago a moment was; a date once that is more than a week. */
export function ago(moment: string, now = Date.now()): string {
  const seconds = (new Date(moment).getTime() - now) / 1000;
  if (Math.abs(seconds) > 7 * 86_400) return showDay(today(new Date(moment)));
  const format = new Intl.RelativeTimeFormat(locale(), { numeric: "auto" });
  for (const [unit, length] of STEPS) {
    if (Math.abs(seconds) >= length) return format.format(Math.trunc(seconds / length), unit);
  }
  return format.format(0, "second");
}

/** The weeks that show a month, each from the reader's first day of the week on. */
export function weeksOf(month: string, firstDay = weekStart()): Day[][] {
  const first = `${month}-01`;
  const lead = (utc(first).getUTCDay() - firstDay + 7) % 7;
  const start = plusDays(first, -lead);
  const weeks: Day[][] = [];
  for (let day = start; day.slice(0, 7) <= month; day = plusDays(day, 7)) {
    weeks.push(Array.from({ length: 7 }, (_, index) => plusDays(day, index)));
  }
  return weeks;
}

/** The month before or after, `2026-03`. */
export function plusMonths(month: string, months: number): string {
  const [year = 0, number = 1] = month.split("-").map(Number);
  return toDay(new Date(Date.UTC(year, number - 1 + months, 1))).slice(0, 7);
}

export function showMonth(month: string): string {
  return new Intl.DateTimeFormat(locale(), { timeZone: "UTC", month: "long", year: "numeric" }).format(utc(`${month}-01`));
}

export function showWeekday(day: Day): string {
  return new Intl.DateTimeFormat(locale(), { timeZone: "UTC", weekday: "short" }).format(utc(day));
}

/** Sunday is 0. Weeks begin on Sunday in English as written in America, on Monday elsewhere. */
export function weekStart(language = locale()): number {
  return language === "en-US" ? 0 : 1;
}
