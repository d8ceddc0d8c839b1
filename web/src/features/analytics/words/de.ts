import { plurals } from "~/lib/words/plural";

import type { Words } from "./en";

const many = plurals("de");

export const de: Words = {
  title: "Auswertung", overview: "Überblick", links: "Links", reports: "Berichte", mine: "Ihre Zahlen", tabs: "Teile der Auswertung",
  closed: "Diese Zahlen sind für Manager",
  closedHint: "Sie zeigen die Arbeit aller, auch in Projekten, die Sie nicht öffnen dürfen. Admins der Organisation können Ihnen das Recht „analytics:read“ geben. Ihre eigenen Zahlen dürfen Sie sehen.",
  period: {
    label: "Zeitraum", from: "Von", to: "Bis", show: "Diese Tage zeigen", own: "Eigene Tage", by: "Je", compare: "Mit den Tagen davor vergleichen", zone: (zone) => `Tage von ${zone}`,
    wrong: "Wählen Sie einen ersten und einen letzten Tag, höchstens 366 Tage insgesamt.",
    presets: { "7d": "7 Tage", "28d": "4 Wochen", "90d": "90 Tage", "365d": "365 Tage", month: "Dieser Monat", last_month: "Voriger Monat", quarter: "Dieses Quartal" },
    cuts: { hour: "Stunde", day: "Tag", week: "Woche", month: "Monat" },
  },
  numbers: {
    created: "Angelegt", done: "Erledigt", open: "Jetzt offen", opens: "Links geöffnet", linksMade: "Links angelegt", lead: "Vorlaufzeit", cycle: "Durchlaufzeit", estimate: "Offene Arbeit",
    before: (number) => `${number} in den Tagen davor`, half: "die Hälfte braucht weniger", none: "noch nichts erledigt",
  },
  flow: {
    made: "Angelegt und erledigt", madeHint: "Aufgaben nach dem Tag, an dem sie angelegt und an dem sie erledigt wurden. Bleiben die Balken des Erledigten niedriger, staut sich Arbeit.",
    throughput: "Durchsatz", throughputHint: "Je Abschnitt erledigte Aufgaben und ihr gleitendes Mittel: was Sie versprechen können.", mean: (parts) => `Mittel von ${parts}`,
    status: "Wo die Arbeit steht", statusHint: "Aufgaben nach Status, jetzt.",
    age: "Wie lange Arbeit wartet", ageHint: "Offene Aufgaben nach der Zeit, die sie in ihrem Status sind.", oldest: "Am längsten an einem Ort", since: (age) => `seit ${age}`, hidden: "Eine Aufgabe, die Sie nicht öffnen dürfen",
    ageTable: { count: "Aufgaben", p50: "Hälfte unter", p85: "85 % unter", p95: "95 % unter" },
    load: "Auslastung", loadHint: "Jetzt offene Aufgaben je Person und die Stunden, auf die sie geschätzt sind.",
    opens: "Links geöffnet", opensHint: "Von Gästen geöffnet; Maschinen, die Links vorab ansehen, zählen nicht.", devices: "Geräte", deviceNames: { desktop: "Computer", mobile: "Telefon", tablet: "Tablet", other: "Anderes" },
    oneLink: "Link", allLinks: "Alle Links",
    burndown: "Burndown", burndownHint: "Was zu tun blieb, neben einem geraden Weg bis nichts mehr bleibt.", remaining: "Übrig", ideal: "Gerader Weg",
    burnup: "Burnup", burnupHint: "Was von dem, was zu tun war, erledigt wurde. Steigt die obere Linie, hat sich das Ziel bewegt.", scope: "Zu tun",
    cumulative: "Kumulativer Fluss", cumulativeHint: "Wie viel in jedem Status stand. Wo ein Band breiter wird, bleibt Arbeit stecken. Abgebrochene Aufgaben sind nicht dabei.",
    scatter: "Vorlaufzeit jeder Aufgabe", scatterHint: "Jeder Punkt ist eine Aufgabe an dem Tag, an dem sie erledigt wurde; so viele Prozent bleiben unter einer Linie. Ein Klick auf eine Zeile der Tabelle öffnet eine Aufgabe.",
    leadTime: "Vorlaufzeit", leadHint: "Vom Anlegen bis erledigt.", cycleTime: "Durchlaufzeit", cycleHint: "Vom Beginn der Arbeit bis erledigt. Aufgaben, an denen niemand gesehen wurde, sind nicht dabei.",
    p50: "Hälfte unter", p85: "85 % unter", p95: "95 % unter", count: "Aufgaben", days: "Erledigt am", task: "Aufgabe", measure: "Gezählt", tasks: "Aufgaben", estimates: "Geschätzte Stunden",
    part: "Abschnitt", hours: (hours) => `${hours} geschätzt`,
    people: "Je Person", peopleHint: "Im Zeitraum erledigt, und was jetzt zugewiesen ist.", assigned: (tasks) => many(tasks, { one: "# zugewiesen", other: "# zugewiesen" }),
  },
  empty: {
    made: "In diesen Tagen wurde nichts angelegt oder erledigt. Eine Sekunde nachdem jemand eine Aufgabe anlegt oder erledigt, steht sie hier.",
    throughput: "In diesen Tagen wurde nichts erledigt. Verschieben Sie eine Aufgabe nach Erledigt, und sie zählt hier binnen einer Sekunde.",
    status: "Es gibt noch keine Aufgaben. Legen Sie auf einem Board welche an, und hier steht, wo sie sind.",
    age: "Nichts ist offen. Offene Aufgaben stehen hier mit der Zeit, die sie schon an ihrem Ort sind.",
    load: "Nichts Offenes ist zugewiesen. Weisen Sie Aufgaben zu und schätzen Sie sie, um zu sehen, wer wie viel hat.",
    opens: "In diesen Tagen wurde kein Link geöffnet. Teilen Sie eine Aufgabe per Link: wer ihn öffnet, zählt hier.",
    burndown: "In diesen Tagen blieb nichts zu tun. Legen Sie Aufgaben an, mit Schätzungen, wenn Sie Stunden zählen wollen.",
    cumulative: "Keine Aufgaben in diesen Tagen. Bänder wachsen, wenn Aufgaben durch die Spalten eines Boards gehen.",
    times: "In diesen Tagen wurde nichts erledigt. Jede erledigte Aufgabe zeigt, wie lange sie gebraucht hat.",
    cycle: "Keine erledigte Aufgabe war in Arbeit zu sehen. Lassen Sie Aufgaben auf dem Weg nach Erledigt durch „In Arbeit“ gehen, und hier steht, wie lange begonnene Arbeit dauert.",
    people: "Noch hat niemand Aufgaben. Weisen Sie Aufgaben zu, um Personen hier zu sehen.",
  },
  look: { label: "Genauer hinsehen", projects: "Projekte", teams: "Teams", people: "Personen" },
  report: {
    create: "Neuer Bericht", none: "Noch keine Berichte", noneHint: "Ein Bericht hält Maße, eine Gliederung und einen Filter unter einem Namen fest. Er entsteht im Hintergrund, lässt sich als Datei laden und kommt per Mail, so oft Sie wollen.",
    by: "Eine Zeile je", keptBy: (name) => `Von ${name}`, measures: "Maße", noMeasure: "Wählen Sie mindestens ein Maß.", any: "Alle", ownOnly: "Er zeigt Ihre eigene Arbeit: Zahlen anderer sind für Manager.",
    groups: { day: "Tag", week: "Woche", month: "Monat", project: "Projekt", person: "Person", status: "Status", priority: "Priorität", task: "Aufgabe", link: "Link", device: "Gerät", referrer: "Website, von der sie kamen" },
    measureNames: { tasks_created: "Angelegte Aufgaben", tasks_done: "Erledigte Aufgaben", estimate_done: "Erledigte Schätzungen", lead_time: "Vorlaufzeit", cycle_time: "Durchlaufzeit", comments: "Kommentare", link_opens: "Geöffnete Links" },
    parts: { count: "Aufgaben", mean: "Mittel", p50: "Hälfte unter", p85: "85 % unter", p95: "95 % unter" },
    filters: { project_id: "Projekt", user_id: "Person", status: "Status", priority: "Priorität" },
    relatives: {
      last_7_days: "Letzte 7 Tage", last_30_days: "Letzte 30 Tage", last_90_days: "Letzte 90 Tage", last_365_days: "Letzte 365 Tage", this_week: "Diese Woche", previous_week: "Vorige Woche",
      this_month: "Dieser Monat", previous_month: "Voriger Monat", previous_quarter: "Voriges Quartal", previous_year: "Voriges Jahr",
    },
    run: "Jetzt erstellen", made: "Erstellt am", noRuns: "Noch nicht erstellt", noRunsHint: "Erstellen Sie ihn jetzt, oder legen Sie einen Zeitplan fest. Es dauert nur Augenblicke, und er bleibt 14 Tage hier.",
    states: { queued: "Wartet, bis er dran ist", running: "Entsteht", ready: "Fertig", failed: "Gescheitert" },
    failures: { too_large: "Das ist zu viel für einen Bericht. Wählen Sie weniger Tage oder einen Filter.", gave_up: "Er ließ sich in drei Versuchen nicht erstellen. Versuchen Sie es später noch einmal." },
    result: "Ergebnis", rows: (rows) => many(rows, { one: "# Zeile", other: "# Zeilen" }), kept: (moment) => `bleibt bis ${moment}`, download: (format) => `${format} laden`,
    tooMany: "Es sind zu viele Zeilen, um sie zu zeigen. Laden Sie die Datei.", nothing: "Keine Zeilen", nothingHint: "In diesen Tagen geschah nichts, was der Filter durchlässt.", without: "Ohne",
    schedule: "Zeitplan", unschedule: "Zeitplan beenden", every: "Jeden", weekday: "Am", dayOfMonth: "Am Tag", hour: "Um Uhr", told: "Per Mail benachrichtigt", next: (moment) => `Entsteht wieder am ${moment}`,
    removeTitle: (name) => `„${name}“ entfernen?`, removeHint: "Er entsteht nicht mehr, und seine Zahlen sind hier nicht mehr zu sehen. Das lässt sich nicht rückgängig machen.",
  },
  back: "Zurück zum Projekt", of: (name) => `Auswertung von ${name}`,
};
