import { own } from "~/lib/words/own";
import { plurals } from "~/lib/words/plural";

const [many, viele] = [plurals("en"), plurals("de")];

/** Words of boards that are not needed before one is shown. */
export const w = own({
  lanes: "Lanes", noLanes: "No lanes", by: { assignee: "By assignee", priority: "By priority", label: "By label", parent: "By parent task" },
  without: { assignee: "Nobody", priority: "No priority", label: "No label", parent: "No parent task" }, unknownParent: "Another task",
  tasks: (count: number) => many(count, { one: "# task", other: "# tasks" }),
  drags: (name: string) => `${name} is moving this`,
  peek: (key: string) => `Preview of ${key}`, peekHint: "Space closes this, Enter opens the task.",
  column: {
    more: (name: string) => `More of column ${name}`, add: "Add a column", edit: "Edit the column…", left: "Move left", right: "Move right", remove: "Delete the column…",
    title: "Column", category: "Tasks in it are", categoryHint: "It can be changed while no task is in the column.", limit: "At most so many tasks", limitHint: "Empty: as many as like.",
    blocks: "Refuse tasks beyond that", removeTitle: (name: string) => `Delete ${name}`, heir: "Its tasks go to",
    emptyHint: "No task is in it. This cannot be undone.", fullHint: (count: number) => many(count, { one: "Its # task is moved first. Deleting the column cannot be undone.", other: "Its # tasks are moved first. Deleting the column cannot be undone." }),
    removeNow: "Delete the column", moving: (done: number, all: number) => `${done} of ${all} tasks are moved`,
  },
}, {
  lanes: "Bahnen", noLanes: "Keine Bahnen", by: { assignee: "Nach Person", priority: "Nach Priorität", label: "Nach Label", parent: "Nach übergeordneter Aufgabe" },
  without: { assignee: "Niemand", priority: "Keine Priorität", label: "Kein Label", parent: "Keine übergeordnete Aufgabe" }, unknownParent: "Andere Aufgabe",
  tasks: (count) => viele(count, { one: "# Aufgabe", other: "# Aufgaben" }),
  drags: (name) => `${name} verschiebt das gerade`,
  peek: (key) => `Vorschau von ${key}`, peekHint: "Die Leertaste schließt sie, Enter öffnet die Aufgabe.",
  column: {
    more: (name) => `Mehr zur Spalte ${name}`, add: "Spalte hinzufügen", edit: "Spalte bearbeiten…", left: "Nach links", right: "Nach rechts", remove: "Spalte löschen…",
    title: "Spalte", category: "Aufgaben darin sind", categoryHint: "Das lässt sich ändern, solange keine Aufgabe in der Spalte ist.", limit: "Höchstens so viele Aufgaben", limitHint: "Leer: beliebig viele.",
    blocks: "Weitere Aufgaben ablehnen", removeTitle: (name) => `${name} löschen`, heir: "Ihre Aufgaben kommen nach",
    emptyHint: "Es ist keine Aufgabe darin. Das lässt sich nicht rückgängig machen.", fullHint: (count) => viele(count, { one: "Ihre # Aufgabe wird zuerst verschoben. Das Löschen lässt sich nicht rückgängig machen.", other: "Ihre # Aufgaben werden zuerst verschoben. Das Löschen lässt sich nicht rückgängig machen." }),
    removeNow: "Spalte löschen", moving: (done, all) => `${done} von ${all} Aufgaben sind verschoben`,
  },
});
