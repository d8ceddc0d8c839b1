import { describe, expect, it } from "vitest";

import { daysBetween, plusDays, plusMonths, today, weeksOf } from "./dates";

const ZONES = ["Pacific/Pago_Pago", "America/St_Johns", "UTC", "Europe/Berlin", "Asia/Kathmandu", "Pacific/Kiritimati"];

describe("the present day", () => {
  it("is the reader's, from UTC-11 to UTC+14", () => {
    const moment = new Date("2026-03-01T10:30:00Z");
    expect(ZONES.map((zone) => today(moment, zone))).toEqual(["2026-02-28", "2026-03-01", "2026-03-01", "2026-03-01", "2026-03-01", "2026-03-02"]);
  });
});

describe("a day", () => {
  it("that is picked is the one that is shown, in every zone of the process", () => {
    const before = process.env["TZ"];
    for (const zone of ZONES) {
      process.env["TZ"] = zone;
      for (const day of ["2026-01-01", "2026-03-29", "2024-02-29", "2026-12-31"]) {
        expect(plusDays(day, 0)).toBe(day);
        const shown = new Intl.DateTimeFormat("en-CA", { timeZone: "UTC" }).format(new Date(`${day}T00:00:00Z`));
        expect(shown).toBe(day);
      }
    }
    process.env["TZ"] = before;
  });

  it("has neighbours across months, leap days and changes of the clock", () => {
    expect(plusDays("2024-02-28", 1)).toBe("2024-02-29");
    expect(plusDays("2026-03-28", 2)).toBe("2026-03-30");
    expect(daysBetween("2026-03-28", "2026-03-30")).toBe(2);
    expect(plusMonths("2026-12", 1)).toBe("2027-01");
    expect(plusMonths("2026-01", -1)).toBe("2025-12");
  });
});

describe("a month", () => {
  it("is shown in whole weeks from Monday or Sunday on", () => {
    const monday = weeksOf("2026-03", 1);
    expect([monday[0]?.[0], monday.at(-1)?.[6], monday.length]).toEqual(["2026-02-23", "2026-04-05", 6]);
    const sunday = weeksOf("2026-02", 0);
    expect([sunday[0]?.[0], sunday.at(-1)?.[6], sunday.length]).toEqual(["2026-02-01", "2026-02-28", 4]);
  });
});
