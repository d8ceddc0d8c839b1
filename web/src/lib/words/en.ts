import { plurals } from "./plural";

const many = plurals("en");

export const en = {
  common: {
    add: "Add", again: "Try again", cancel: "Cancel", close: "Close", edit: "Edit", loading: "Loading", messages: "Messages",
    more: "Show more", name: "Name", open: "Open", remove: "Remove", save: "Save", undo: "Undo",
  },
  problem: {
    offline: "The server cannot be reached. Check the connection; what you typed is still here.",
    away: "This part of Tenantry is away for a moment. Try again shortly.",
    server: (id: string) => `Something went wrong on our side. Try again; if it stays, tell your operator the number ${id}.`,
    tooMany: (seconds: number) => seconds ? many(seconds, { one: "Too many requests. Try again in # second.", other: "Too many requests. Try again in # seconds." }) : "Too many requests. Try again shortly.",
    forbidden: "Your role does not allow this. An admin of the organization can change that.",
    gone: "This is not here any more, or you may not see it.",
    status: (status: number) => `The server answered ${status}.`,
    codes: {
      wip_limit_reached: "The column is full. Finish something in it first, or raise its limit.",
      version_conflict: "Somebody else changed this meanwhile. Look at the new state, then try again.",
      project_archived: "The project is put away. Take it out again to change it.",
      login_failed: "E-mail address or password is wrong.",
      credentials_refused: "E-mail address or password is wrong.",
      challenge_expired: "This sign-in took too long. Begin again.",
    } as Record<string, string | undefined>,
  },
  shell: {
    actions: "Do", failed: "This could not be loaded", find: "Find anything", findHint: "Type a name, a key or a command",
    home: "Home", language: "Language", lost: "There is nothing here", lostHint: "The address may be mistyped, or what it named is gone.",
    analytics: "Analytics", navigation: "Navigation", nothingFound: "Nothing found", projects: "Projects", settings: "Settings", shortcuts: "Keyboard shortcuts", signOut: "Sign out",
    skip: "Skip to content", theme: "Appearance", themes: { system: "As the system", light: "Light", dark: "Dark" },
  },
  keys: {
    palette: "Find anything", create: "New task", search: "Search", help: "This list", walk: "Next, previous card", open: "Open",
    peek: "Look into it", assign: "Assign", priority: "Priority", status: "Status", due: "Due date", label: "Labels", mine: "Mine only",
    select: "Select", move: "Move to…", shift: "Move the card", close: "Close", home: "Home", projects: "Projects", board: "Board",
    list: "List", table: "Table", calendar: "Calendar",
  },
  role: { owner: "Owner", admin: "Admin", manager: "Manager", member: "Member", viewer: "Viewer" },
  status: { todo: "To do", in_progress: "In progress", review: "Review", done: "Done", cancelled: "Cancelled" },
  priority: { low: "Low", medium: "Medium", high: "High", urgent: "Urgent" },
  projectStatus: { planning: "Planning", active: "Active", on_hold: "On hold", completed: "Completed", cancelled: "Cancelled" },
  reaction: {
    like: "Like", heart: "Heart", thumbs_up: "Thumbs up", thumbs_down: "Thumbs down", love: "Love", laugh: "Laugh",
    celebrate: "Celebrate", surprised: "Surprised", sad: "Sad", rocket: "Rocket", eyes: "Eyes",
  },
  bare: {
    claim: "Work in the open. Data behind your own door.",
    claimMore: "Project management where every organization has a database of its own: nothing of yours lies beside anybody else's.",
    reasons: [
      "Boards, lists, tables and calendars of the same work",
      "Guests see one thing by a link that ends when you say so",
      "Every key, every screen, light and dark",
    ],
    signUp: "Start an organization", signUpInstead: "Start an organization", findInstead: "Find my organization", findTitle: "Find my organization",
    organization: "Organization", address: "Address", addressHint: "3 to 40 letters, digits and hyphens.", free: "This address is free.",
    taken: "This address is taken.", create: "Create the organization", making: "Making a database of your own…",
    ready: (name: string) => `${name} is ready`, readyHint: "It has an address of its own. Sign in there once, and your browser keeps it.",
    goTo: (host: string) => `Go to ${host}`, find: "Find", findHint: "Give your account, and we list every organization it is in.",
    noneFound: "This account is in no organization. Ask for an invitation, or start one.",
  },
  session: {
    signIn: "Sign in", email: "E-mail", password: "Password", passwordHint: "At least 10 characters.", yourName: "Your name",
    forgotten: "Forgot your password?", otherOrganization: "Find my organization", secondFactor: "Second factor", code: "Code",
    codeHint: "Type the code of your authenticator app, or a recovery code.", withPasskey: "Sign in with a passkey",
    withProvider: (name: string) => `Sign in with ${name}`, enrolHint: "Your organization asks for a second factor. Scan this with an authenticator app and type the code that it shows.",
    enrolSecret: "Or type this key into the app:", qrCode: "QR code", recoveryCodes: "Recovery codes: keep them safe, each works once",
    toSignIn: "Go to sign-in", toWork: "Go to your work", newPassword: "Choose a new password",
    newPasswordHint: "You will be signed out everywhere and sign in with the new password.", changePassword: "Change the password",
    passwordChanged: "Your password is changed.", linkDead: "This link is used up or too old.", anotherLink: "Ask for a new link",
    forgottenHint: "Give the address of your account. If a member of this organization has it, we send a link to a new password.",
    sendLink: "Send the link", linkSent: "If the address is known here, a mail is on its way. Its link works for an hour.",
    join: "Join", joinHint: "If you have a Tenantry account, give its password. If not, choose one of at least 10 characters.",
    joinOrganization: (name: string) => `Join ${name}`, invitedAs: (role: string, email: string) => `You are invited as ${role}, with ${email}.`,
    invitation: "Invitation", invitationDead: "This invitation does not exist, or no longer. Ask for a new one.",
    changeEmail: "Change of address", changeEmailHint: "The address of the account changes once both the present and the new one agree. If this was not you, close this page and change your password.",
    agree: "Agree to the change", emailChanged: "The account has the new address now.", emailAgreed: "This address agrees. Now open the link in the mail to the other one.",
    verifyEmail: "Confirm your address", verifySignIn: "Sign in to the account of this address first; this page comes back then.",
    verifyHint: "This tells us that the mail reached you, and that the account is yours.", verify: "Confirm the address", verified: "Your address is confirmed.",
    provider: {
      sign_in_unknown: "That took too long, or began in another browser. Try again.", provider_refused: "The provider refused the sign-in.",
      provider_failed: "The provider did not answer as it should. Try again.", provider_email_unverified: "The provider has not verified your address.",
      account_email_unverified: "Confirm your address here first, then link the provider.", already_linked: "Another account is linked already.",
      identity_taken: "That account elsewhere is linked to somebody else here.", session_ended: "Your session has ended. Sign in again.",
      not_a_member: "You are no member here. Ask for an invitation.", limit_people: "The organization has no seat left. Ask its owner.",
    } as Record<string, string | undefined>,
  },
  home: {
    hello: (name: string) => `Hello, ${name}`, overdue: "Overdue", today: "Today", week: "Next seven days", later: "Later",
    nothing: "Nothing waits for you", nothingHint: "Tasks that are assigned to you stand here, by when they are due.", recent: "Changed lately", atHand: "At hand",
  },
  project: {
    all: "All projects", one: "Project", none: "No projects yet", noneHint: "A project holds boards and tasks, and says who sees them.",
    create: "New project", key: "Key", keyHint: "Begins the numbers of tasks, APO-12.", color: "Colour", until: (day: string) => `until ${day}`,
    star: "Keep at hand", unstar: "Keep no longer at hand", settings: "Project settings", archived: "Put away", view: "View", views: { board: "Board", list: "List", table: "Table", calendar: "Calendar" },
    noTasks: "No tasks here", noTasksHint: "Nothing matches, or nothing is here yet. Press C for a new task.",
  },
  board: {
    addTo: (name: string) => `Add a task to ${name}`, quickAdd: "Title, then Enter", empty: "Drop tasks here", noneMatch: "Nothing matches",
    limit: (limit: number) => many(limit, { one: "At most # task", other: "At most # tasks" }), overLimit: "over its limit",
    moreOf: (key: string) => `More of ${key}`, moveTo: "Move to…", toTop: "To the top", toBottom: "To the bottom", select: "Select",
    notMoved: (why: string) => `Not moved: ${why}`,
  },
  task: {
    create: "New task", created: (key: string) => `${key} is created`, title: "Title", key: "Key", status: "Status", priority: "Priority", assignees: "Assignees", labels: "Labels",
    due: "Due", start: "Start", estimate: "Estimate", estimateHours: "Estimate in hours", hours: "hours", updated: "Changed", nobody: "Nobody", none: "None",
    noDate: "No date", noLabels: "The project has none", overdue: (day: string) => `Overdue: ${day}`, panel: (key: string) => `Task ${key}`,
    copyLink: "Copy the link", linkCopied: "The link is copied.", watch: "Watch", watched: "You are told of its changes from now on.",
    remove: "Move to the trash", removed: (key: string) => `${key} is in the trash for 30 days.`, description: "Description", noDescription: "No description.",
    addDescription: "Add a description", editDescription: "Edit the description", checklist: "Checklist", checklists: "Checklists", addChecklist: "Add a checklist",
    removeChecklist: (name: string) => `Remove ${name}`, addItem: "Add an item", removeItem: (text: string) => `Remove ${text}`,
    subtasks: "Subtasks", addSubtask: "Add a subtask", subtaskCount: (done: number, total: number) => many(total, { one: `${done}/# subtask`, other: `${done}/# subtasks` }), history: "History",
  },
  dependency: {
    title: "Dependencies", add: "Add a dependency", kind: "Kind", key: "Key of the other task", waits: "waits for", blocks: "blocks", relates: "relates to",
    duplicates: "duplicates", duplicated: "duplicated by", remove: (key: string) => `Remove the dependency to ${key}`,
  },
  comment: { title: "Comments", write: "Comment", hint: "Write a comment. @ names people, Ctrl+Enter sends.", send: "Comment", reply: "Reply", react: "React", edited: "edited" },
  editor: {
    tools: "Formatting", bold: "Bold", italic: "Italic", code: "Code", link: "Link", list: "List", tasks: "Checklist", preview: "Preview", nothing: "Nothing to show.", people: "People",
  },
  history: {
    kinds: {
      "task.created": "created the task", "task.updated": "changed", "task.moved": "moved it", "task.assigned": "assigned it", "task.status_changed": "changed its status",
      "task.comment_added": "commented", "task.deleted": "put it into the trash", "task.restored": "restored it", "task.archived": "archived it", "task.unarchived": "brought it back",
    } as Record<string, string | undefined>,
    fields: {
      title: "title", description: "description", status: "status", priority: "priority", assignee_ids: "assignees", label_ids: "labels", due_date: "due date",
      start_date: "start", estimate_seconds: "estimate", column_id: "column", parent_id: "parent",
    } as Record<string, string | undefined>,
  },
  share: {
    title: "Share by link", hint: "Whoever has the link sees this one thing, without an account, until you take it back.", create: "Create a link",
    password: "Password", passwordHint: "Optional; at least 8 characters.", expires: "Ends", days: (days: number) => many(days, { one: "after # day", other: "after # days" }), never: "never",
    opens: "How many may open it", opensHint: "Empty: as many as like.", comments: "With comments", people: "With names of people",
    copy: "Copy the link", qr: "QR code", pause: "Pause", resume: "Resume", rotate: "New address", revoke: "Take back",
    status: { live: "live", scheduled: "not begun", paused: "paused", expired: "ended", used_up: "used up", revoked: "taken back" },
    opened: (opens: number) => many(opens, { one: "opened once", other: "opened # times" }), withPassword: "with password", until: (moment: string) => `until ${moment}`,
    guessed: (times: number) => many(times, { one: "A wrong password was tried once.", other: "Wrong passwords were tried # times. A new address ends that." }),
  },
  bulk: {
    label: "Selected tasks", selected: (count: number) => many(count, { one: "# selected", other: "# selected" }), select: (key: string) => `Select ${key}`, clear: "Select none",
    days: { today: "Today", tomorrow: "Tomorrow", nextWeek: "In a week" },
    done: (done: number, refused: number, why: string) =>
      many(done, { one: "# task changed.", other: "# tasks changed." }) + (refused ? ` ${many(refused, { one: "# was refused", other: "# were refused" })}: ${why}` : ""),
  },
  live: { here: "Who else is here", lost: "Not live: reconnecting…" },
  chart: { table: "Show as table", read: (label: string) => `Values of ${label}` },
  calendar: { before: "Month before", after: "Month after", today: "Today" },
  filter: {
    label: "Filter", hint: "assignee:me due:<7d -label:\"bug\" engine", add: "Filter", clear: "Clear the filter", mine: "Mine", open: "Open", overdue: "Overdue", week: "Due within a week",
    blocked: "Waiting for others", saved: "Views", noneSaved: "No saved views", save: "Save this filter…", share: "Everybody in the project sees it",
  },
  search: { title: "Search", hint: "Words, \"phrases\", or a key such as APO-12", all: (q: string) => `Search for “${q}” everywhere`, nothingHint: "Try fewer words, or the beginning of one." },
};

export type Catalogue = typeof en;
