import type { Catalogue } from "./en";
import { plurals } from "./plural";

const many = plurals("de");

export const de: Catalogue = {
  common: {
    add: "Hinzufügen", again: "Noch einmal", cancel: "Abbrechen", close: "Schließen", edit: "Bearbeiten", loading: "Lädt", messages: "Meldungen",
    more: "Mehr zeigen", name: "Name", open: "Öffnen", remove: "Entfernen", save: "Speichern", undo: "Rückgängig",
  },
  problem: {
    offline: "Der Server ist nicht zu erreichen. Prüfen Sie die Verbindung; was Sie getippt haben, ist noch da.",
    away: "Dieser Teil von Tenantry ist kurz nicht da. Versuchen Sie es gleich noch einmal.",
    server: (id) => `Bei uns ging etwas schief. Versuchen Sie es noch einmal; bleibt es so, nennen Sie Ihrem Betreiber die Nummer ${id}.`,
    tooMany: (seconds) => seconds ? many(seconds, { one: "Zu viele Anfragen. In # Sekunde geht es weiter.", other: "Zu viele Anfragen. In # Sekunden geht es weiter." }) : "Zu viele Anfragen. Gleich geht es weiter.",
    forbidden: "Ihre Rolle erlaubt das nicht. Admins der Organisation können das ändern.",
    gone: "Das gibt es nicht mehr, oder Sie dürfen es nicht sehen.",
    status: (status) => `Der Server antwortete ${status}.`,
    codes: {
      wip_limit_reached: "Die Spalte ist voll. Beenden Sie erst etwas darin, oder erhöhen Sie ihr Limit.",
      version_conflict: "Inzwischen hat jemand anderes das geändert. Sehen Sie sich den neuen Stand an und versuchen Sie es noch einmal.",
      project_archived: "Das Projekt ist abgelegt. Holen Sie es zurück, um es zu ändern.",
      login_failed: "E-Mail-Adresse oder Passwort stimmt nicht.",
      credentials_refused: "E-Mail-Adresse oder Passwort stimmt nicht.",
      challenge_expired: "Diese Anmeldung hat zu lange gedauert. Beginnen Sie neu.",
    },
  },
  shell: {
    actions: "Tun", failed: "Das konnte nicht geladen werden", find: "Alles finden", findHint: "Name, Schlüssel oder Befehl tippen",
    home: "Start", language: "Sprache", lost: "Hier ist nichts", lostHint: "Vielleicht ist die Adresse vertippt, oder das Genannte gibt es nicht mehr.",
    navigation: "Navigation", nothingFound: "Nichts gefunden", projects: "Projekte", shortcuts: "Tastenkürzel", signOut: "Abmelden",
    skip: "Zum Inhalt", theme: "Darstellung", themes: { system: "Wie das System", light: "Hell", dark: "Dunkel" },
  },
  keys: {
    palette: "Alles finden", create: "Neue Aufgabe", search: "Suche", help: "Diese Liste", walk: "Nächste, vorige Karte", open: "Öffnen",
    select: "Auswählen", move: "Verschieben nach…", shift: "Karte verschieben", close: "Schließen", home: "Start", projects: "Projekte", board: "Board",
    list: "Liste", table: "Tabelle", calendar: "Kalender",
  },
  role: { owner: "Inhaber", admin: "Admin", manager: "Manager", member: "Mitglied", viewer: "Leser" },
  status: { todo: "Zu tun", in_progress: "In Arbeit", review: "Prüfung", done: "Erledigt", cancelled: "Abgebrochen" },
  priority: { low: "Niedrig", medium: "Mittel", high: "Hoch", urgent: "Dringend" },
  projectStatus: { planning: "In Planung", active: "Aktiv", on_hold: "Ruht", completed: "Abgeschlossen", cancelled: "Abgebrochen" },
  reaction: {
    like: "Gefällt mir", heart: "Herz", thumbs_up: "Daumen hoch", thumbs_down: "Daumen runter", love: "Liebe", laugh: "Lachen",
    celebrate: "Feiern", surprised: "Überrascht", sad: "Traurig", rocket: "Rakete", eyes: "Augen",
  },
  bare: {
    claim: "Offen arbeiten. Daten hinter der eigenen Tür.",
    claimMore: "Projektmanagement, in dem jede Organisation ihre eigene Datenbank hat: Nichts von Ihnen liegt neben dem von anderen.",
    reasons: [
      "Board, Liste, Tabelle und Kalender derselben Arbeit",
      "Gäste sehen eine Sache über einen Link, der endet, wann Sie wollen",
      "Jede Taste, jeder Bildschirm, hell und dunkel",
    ],
    signUp: "Organisation gründen", signUpInstead: "Organisation gründen", findInstead: "Meine Organisation finden", findTitle: "Meine Organisation finden",
    organization: "Organisation", address: "Adresse", addressHint: "3 bis 40 Buchstaben, Ziffern und Bindestriche.", free: "Diese Adresse ist frei.",
    taken: "Diese Adresse ist vergeben.", create: "Organisation anlegen", making: "Ihre eigene Datenbank entsteht…",
    ready: (name) => `${name} ist bereit`, readyHint: "Sie hat eine eigene Adresse. Melden Sie sich dort einmal an; Ihr Browser merkt es sich.",
    goTo: (host) => `Zu ${host}`, find: "Finden", findHint: "Nennen Sie Ihr Konto, und wir zeigen alle Organisationen, in denen es ist.",
    noneFound: "Dieses Konto ist in keiner Organisation. Bitten Sie um eine Einladung, oder gründen Sie eine.",
  },
  session: {
    signIn: "Anmelden", email: "E-Mail", password: "Passwort", passwordHint: "Mindestens 10 Zeichen.", yourName: "Ihr Name",
    forgotten: "Passwort vergessen?", otherOrganization: "Meine Organisation finden", secondFactor: "Zweiter Faktor", code: "Code",
    codeHint: "Tippen Sie den Code Ihrer Authenticator-App oder einen Wiederherstellungscode.", withPasskey: "Mit Passkey anmelden",
    withProvider: (name) => `Mit ${name} anmelden`, enrolHint: "Ihre Organisation verlangt einen zweiten Faktor. Scannen Sie dies mit einer Authenticator-App und tippen Sie den Code, den sie zeigt.",
    enrolSecret: "Oder tippen Sie diesen Schlüssel in die App:", qrCode: "QR-Code", recoveryCodes: "Wiederherstellungscodes: gut aufbewahren, jeder gilt einmal",
    toSignIn: "Zur Anmeldung", toWork: "Zu Ihrer Arbeit", newPassword: "Neues Passwort wählen",
    newPasswordHint: "Sie werden überall abgemeldet und melden sich mit dem neuen Passwort an.", changePassword: "Passwort ändern",
    passwordChanged: "Ihr Passwort ist geändert.", linkDead: "Dieser Link ist verbraucht oder zu alt.", anotherLink: "Neuen Link anfordern",
    forgottenHint: "Nennen Sie die Adresse Ihres Kontos. Hat ein Mitglied dieser Organisation sie, schicken wir einen Link zu einem neuen Passwort.",
    sendLink: "Link schicken", linkSent: "Ist die Adresse hier bekannt, ist eine Mail unterwegs. Ihr Link gilt eine Stunde.",
    join: "Beitreten", joinHint: "Haben Sie ein Tenantry-Konto, nennen Sie sein Passwort. Wenn nicht, wählen Sie eines mit mindestens 10 Zeichen.",
    joinOrganization: (name) => `${name} beitreten`, invitedAs: (role, email) => `Sie sind als ${role} eingeladen, mit ${email}.`,
    invitation: "Einladung", invitationDead: "Diese Einladung gibt es nicht, oder nicht mehr. Bitten Sie um eine neue.",
    changeEmail: "Adresse ändern", changeEmailHint: "Die Adresse des Kontos ändert sich, sobald die jetzige und die neue zustimmen. Waren Sie das nicht, schließen Sie diese Seite und ändern Ihr Passwort.",
    agree: "Der Änderung zustimmen", emailChanged: "Das Konto hat jetzt die neue Adresse.", emailAgreed: "Diese Adresse stimmt zu. Öffnen Sie nun den Link in der Mail an die andere.",
    verifyEmail: "Adresse bestätigen", verifySignIn: "Melden Sie sich zuerst im Konto dieser Adresse an; diese Seite kommt dann wieder.",
    verifyHint: "So wissen wir, dass die Mail Sie erreicht hat und das Konto Ihres ist.", verify: "Adresse bestätigen", verified: "Ihre Adresse ist bestätigt.",
    provider: {
      sign_in_unknown: "Das dauerte zu lange, oder es begann in einem anderen Browser. Versuchen Sie es noch einmal.", provider_refused: "Der Anbieter hat die Anmeldung abgelehnt.",
      provider_failed: "Der Anbieter antwortete nicht wie er soll. Versuchen Sie es noch einmal.", provider_email_unverified: "Der Anbieter hat Ihre Adresse nicht geprüft.",
      account_email_unverified: "Bestätigen Sie zuerst hier Ihre Adresse, dann verknüpfen Sie den Anbieter.", already_linked: "Ein anderes Konto ist schon verknüpft.",
      identity_taken: "Jenes Konto ist hier mit jemand anderem verknüpft.", session_ended: "Ihre Sitzung ist zu Ende. Melden Sie sich neu an.",
      not_a_member: "Sie sind hier kein Mitglied. Bitten Sie um eine Einladung.", limit_people: "Die Organisation hat keinen Platz mehr. Fragen Sie ihren Inhaber.",
    },
  },
  home: {
    hello: (name) => `Hallo, ${name}`, overdue: "Überfällig", today: "Heute", week: "Nächste sieben Tage", later: "Später",
    nothing: "Nichts wartet auf Sie", nothingHint: "Hier stehen die Aufgaben, die Ihnen zugewiesen sind, nach Fälligkeit.", recent: "Zuletzt geändert", atHand: "Griffbereit",
  },
  project: {
    all: "Alle Projekte", one: "Projekt", none: "Noch keine Projekte", noneHint: "Ein Projekt hält Boards und Aufgaben und sagt, wer sie sieht.",
    create: "Neues Projekt", key: "Schlüssel", keyHint: "Beginnt die Nummern der Aufgaben, APO-12.", color: "Farbe", until: (day) => `bis ${day}`,
    star: "Griffbereit halten", unstar: "Nicht mehr griffbereit halten", view: "Ansicht", views: { board: "Board", list: "Liste", table: "Tabelle", calendar: "Kalender" },
    noTasks: "Keine Aufgaben", noTasksHint: "Nichts passt, oder es ist noch nichts da. Die Taste C legt eine neue Aufgabe an.",
  },
  board: {
    addTo: (name) => `Aufgabe zu ${name} hinzufügen`, quickAdd: "Titel, dann Enter", empty: "Aufgaben hierher ziehen", noneMatch: "Nichts passt",
    limit: (limit) => many(limit, { one: "Höchstens # Aufgabe", other: "Höchstens # Aufgaben" }), overLimit: "über dem Limit",
    moreOf: (key) => `Mehr zu ${key}`, moveTo: "Verschieben nach…", toTop: "Ganz nach oben", toBottom: "Ganz nach unten", select: "Auswählen",
    notMoved: (why) => `Nicht verschoben: ${why}`,
  },
  task: {
    create: "Neue Aufgabe", created: (key) => `${key} ist angelegt`, title: "Titel", key: "Schlüssel", status: "Status", priority: "Priorität", assignees: "Zugewiesen", labels: "Labels",
    due: "Fällig", start: "Beginn", estimate: "Schätzung", estimateHours: "Schätzung in Stunden", hours: "Stunden", updated: "Geändert", nobody: "Niemand", none: "Keine",
    noDate: "Kein Datum", noLabels: "Das Projekt hat keine", overdue: (day) => `Überfällig: ${day}`, panel: (key) => `Aufgabe ${key}`,
    copyLink: "Link kopieren", linkCopied: "Der Link ist kopiert.", watch: "Beobachten", watched: "Sie erfahren ab jetzt von Änderungen.",
    remove: "In den Papierkorb", removed: (key) => `${key} liegt 30 Tage im Papierkorb.`, description: "Beschreibung", noDescription: "Keine Beschreibung.",
    addDescription: "Beschreibung hinzufügen", editDescription: "Beschreibung bearbeiten", checklist: "Checkliste", checklists: "Checklisten", addChecklist: "Checkliste hinzufügen",
    removeChecklist: (name) => `${name} entfernen`, addItem: "Punkt hinzufügen", removeItem: (text) => `${text} entfernen`,
    subtasks: "Unteraufgaben", addSubtask: "Unteraufgabe hinzufügen", subtaskCount: (done, total) => many(total, { one: `${done}/# Unteraufgabe`, other: `${done}/# Unteraufgaben` }), history: "Verlauf",
  },
  dependency: {
    title: "Abhängigkeiten", add: "Abhängigkeit hinzufügen", kind: "Art", key: "Schlüssel der anderen Aufgabe", waits: "wartet auf", blocks: "blockiert", relates: "hängt zusammen mit",
    duplicates: "ist Duplikat von", duplicated: "hat als Duplikat", remove: (key) => `Abhängigkeit zu ${key} entfernen`,
  },
  comment: { title: "Kommentare", write: "Kommentar", hint: "Kommentar schreiben. @ nennt Personen, Strg+Enter sendet.", send: "Kommentieren", reply: "Antworten", react: "Reagieren", edited: "bearbeitet" },
  editor: {
    tools: "Formatierung", bold: "Fett", italic: "Kursiv", code: "Code", link: "Link", list: "Liste", tasks: "Checkliste", preview: "Vorschau", nothing: "Nichts zu zeigen.", people: "Personen",
  },
  history: {
    kinds: {
      "task.created": "hat die Aufgabe angelegt", "task.updated": "hat geändert", "task.moved": "hat sie verschoben", "task.assigned": "hat sie zugewiesen", "task.status_changed": "hat den Status geändert",
      "task.comment_added": "hat kommentiert", "task.deleted": "hat sie in den Papierkorb gelegt", "task.restored": "hat sie wiederhergestellt", "task.archived": "hat sie archiviert", "task.unarchived": "hat sie zurückgeholt",
    },
    fields: {
      title: "Titel", description: "Beschreibung", status: "Status", priority: "Priorität", assignee_ids: "Zugewiesene", label_ids: "Labels", due_date: "Fälligkeit",
      start_date: "Beginn", estimate_seconds: "Schätzung", column_id: "Spalte", parent_id: "Übergeordnete",
    },
  },
  share: {
    title: "Per Link teilen", hint: "Wer den Link hat, sieht diese eine Sache, ohne Konto, bis Sie ihn zurücknehmen.", create: "Link anlegen",
    password: "Passwort", passwordHint: "Freiwillig; mindestens 8 Zeichen.", expires: "Endet", days: (days) => many(days, { one: "nach # Tag", other: "nach # Tagen" }), never: "nie",
    opens: "Wie viele ihn öffnen dürfen", opensHint: "Leer: beliebig viele.", comments: "Mit Kommentaren", people: "Mit Namen von Personen",
    copy: "Link kopieren", qr: "QR-Code", pause: "Anhalten", resume: "Fortsetzen", rotate: "Neue Adresse", revoke: "Zurücknehmen",
    status: { live: "gültig", scheduled: "noch nicht begonnen", paused: "angehalten", expired: "beendet", used_up: "verbraucht", revoked: "zurückgenommen" },
    opened: (opens) => many(opens, { one: "einmal geöffnet", other: "#-mal geöffnet" }), withPassword: "mit Passwort", until: (moment) => `bis ${moment}`,
    guessed: (times) => many(times, { one: "Einmal wurde ein falsches Passwort versucht.", other: "#-mal wurden falsche Passwörter versucht. Eine neue Adresse beendet das." }),
  },
  bulk: {
    label: "Ausgewählte Aufgaben", selected: (count) => many(count, { one: "# ausgewählt", other: "# ausgewählt" }), select: (key) => `${key} auswählen`, clear: "Auswahl aufheben",
    days: { today: "Heute", tomorrow: "Morgen", nextWeek: "In einer Woche" },
    done: (done, refused, why) =>
      many(done, { one: "# Aufgabe geändert.", other: "# Aufgaben geändert." }) + (refused ? ` ${many(refused, { one: "# wurde abgelehnt", other: "# wurden abgelehnt" })}: ${why}` : ""),
  },
  live: { here: "Wer sonst hier ist", lost: "Nicht live: verbindet neu…" },
  calendar: { before: "Voriger Monat", after: "Nächster Monat", today: "Heute" },
  filter: {
    label: "Filter", hint: "assignee:me due:<7d -label:\"bug\" Motor", add: "Filter", clear: "Filter leeren", mine: "Meine", open: "Offen", overdue: "Überfällig", week: "Binnen einer Woche fällig",
    blocked: "Wartet auf andere", saved: "Ansichten", noneSaved: "Keine gespeicherten Ansichten", save: "Diesen Filter speichern…", share: "Alle im Projekt sehen sie",
  },
  search: { title: "Suche", hint: "Wörter, \"Wendungen\" oder ein Schlüssel wie APO-12", all: (q) => `Überall nach „${q}“ suchen`, nothingHint: "Versuchen Sie weniger Wörter, oder den Anfang von einem." },
};
