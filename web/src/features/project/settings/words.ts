import { own } from "~/lib/words/own";

export const w = own({
  title: "Project settings", back: "To the project", readOnly: "You may look at this; managers of the project change it.", saved: "Saved.",
  general: "General", keyHint: "The key stays as it is: tasks are known by it.", status: "Status", begins: "Begins", ends: "Ends",
  open: "Everybody in the organization may see it", openHint: "Otherwise its members alone.",
  labels: "Labels", labelsHint: "They mark tasks of this project, on cards, in filters and as lanes.", noLabels: "No labels yet.", newLabel: "New label", addLabel: "Add the label",
  labelName: (name: string) => `Name of ${name}`, labelColor: (name: string) => `Colour of ${name}`, newColor: "Colour of the new label", removeLabel: (name: string) => `Delete the label ${name}`,
  removeLabelHint: (name: string) => `Tasks that carry “${name}” lose it. This cannot be undone.`,
  members: "Members", membersHint: "Roles here add to what somebody's role in the organization allows.", addMember: "Add a member", person: "Person", role: "Role", everybodyIn: "Everybody is in the project.",
  roles: { owner: "Owner", manager: "Manager", member: "Member", viewer: "Viewer" }, roleOf: (name: string) => `Role of ${name}`, removeMember: (name: string) => `Take ${name} out of the project`, leave: "Leave the project",
  end: "Put away or delete", archive: "Put away", archiveHint: "Everything stays readable, and nothing in it changes until it is taken out again.", unarchive: "Take out again", unarchiveHint: "The project is put away: nothing in it changes.",
  remove: "Delete the project", removeHint: "It lies in the trash for 30 days with all that is in it, then it is gone.", removeTitle: (name: string) => `Delete ${name}?`, removed: (name: string) => `${name} is in the trash for 30 days.`,
}, {
  title: "Projekteinstellungen", back: "Zum Projekt", readOnly: "Sie dürfen das ansehen; ändern dürfen es Manager des Projekts.", saved: "Gespeichert.",
  general: "Allgemein", keyHint: "Der Schlüssel bleibt: Aufgaben sind unter ihm bekannt.", status: "Status", begins: "Beginnt", ends: "Endet",
  open: "Alle in der Organisation dürfen es sehen", openHint: "Sonst nur seine Mitglieder.",
  labels: "Labels", labelsHint: "Sie kennzeichnen Aufgaben dieses Projekts, auf Karten, in Filtern und als Bahnen.", noLabels: "Noch keine Labels.", newLabel: "Neues Label", addLabel: "Label hinzufügen",
  labelName: (name) => `Name von ${name}`, labelColor: (name) => `Farbe von ${name}`, newColor: "Farbe des neuen Labels", removeLabel: (name) => `Label ${name} löschen`,
  removeLabelHint: (name) => `Aufgaben mit „${name}“ verlieren es. Das lässt sich nicht rückgängig machen.`,
  members: "Mitglieder", membersHint: "Rollen hier kommen zu dem hinzu, was die Rolle in der Organisation erlaubt.", addMember: "Mitglied hinzufügen", person: "Person", role: "Rolle", everybodyIn: "Alle sind schon im Projekt.",
  roles: { owner: "Inhaber", manager: "Manager", member: "Mitglied", viewer: "Leser" }, roleOf: (name) => `Rolle von ${name}`, removeMember: (name) => `${name} aus dem Projekt nehmen`, leave: "Projekt verlassen",
  end: "Ablegen oder löschen", archive: "Ablegen", archiveHint: "Alles bleibt lesbar, und nichts darin ändert sich, bis es zurückgeholt wird.", unarchive: "Zurückholen", unarchiveHint: "Das Projekt ist abgelegt: Nichts darin ändert sich.",
  remove: "Projekt löschen", removeHint: "Es liegt mit allem darin 30 Tage im Papierkorb, dann ist es fort.", removeTitle: (name) => `${name} löschen?`, removed: (name) => `${name} liegt 30 Tage im Papierkorb.`,
});
