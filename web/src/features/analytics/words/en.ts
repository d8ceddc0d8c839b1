import { plurals } from "~/lib/words/plural";

const many = plurals("en");

export const en = {
  title: "Analytics", overview: "Overview", links: "Links", reports: "Reports", mine: "Your numbers", tabs: "Parts of analytics",
  closed: "These numbers are for managers",
  closedHint: "They show the work of everybody, also in projects that you may not open. An admin of the organization can give you the permission “analytics:read”. Your own numbers are yours to see.",
  period: {
    label: "Period", from: "From", to: "To", show: "Show these days", own: "Days of your choice", by: "By", compare: "Compare with the days before", zone: (zone: string) => `Days of ${zone}`,
    wrong: "Choose a first and a last day, at most 366 days in all.",
    presets: { "7d": "7 days", "28d": "4 weeks", "90d": "90 days", "365d": "365 days", month: "This month", last_month: "Last month", quarter: "This quarter" },
    cuts: { hour: "Hour", day: "Day", week: "Week", month: "Month" },
  },
  numbers: {
    created: "Created", done: "Done", open: "Open now", opens: "Links opened", linksMade: "Links made", lead: "Lead time", cycle: "Cycle time", estimate: "Open work",
    before: (number: string) => `${number} in the days before`, half: "half take less", none: "nothing done yet",
  },
  flow: {
    made: "Created and done", madeHint: "Tasks by when they were created and when they were done. Where bars of what is done stay lower, work piles up.",
    throughput: "Throughput", throughputHint: "Tasks done in each part, and their moving average: what you can promise.", mean: (parts: number) => `Average of ${parts}`,
    status: "Where work stands", statusHint: "Tasks by status, now.",
    age: "How long work waits", ageHint: "Open tasks by how long they have been in their status.", oldest: "Longest in one place", since: (age: string) => `for ${age}`, hidden: "A task you may not open",
    ageTable: { count: "Tasks", p50: "Half below", p85: "85 % below", p95: "95 % below" },
    load: "Workload", loadHint: "Open tasks by person, now, and the hours they are estimated at.",
    opens: "Links opened", opensHint: "Opened by guests; machines that preview links do not count.", devices: "Devices", deviceNames: { desktop: "Computer", mobile: "Phone", tablet: "Tablet", other: "Other" } as Record<string, string | undefined>,
    oneLink: "Link", allLinks: "All links",
    burndown: "Burndown", burndownHint: "What was left to do, beside a straight way to nothing.", remaining: "Remaining", ideal: "Straight way",
    burnup: "Burnup", burnupHint: "What was done of what was to be done. Where the upper line rises, the aim moved.", scope: "To be done",
    cumulative: "Cumulative flow", cumulativeHint: "How much stood in each status. A band that widens is where work gets stuck. Cancelled tasks are left out.",
    scatter: "Lead time of each task", scatterHint: "Each dot is a task on the day it was done; as many percent stay below a line. Click a row of the table to open a task.",
    leadTime: "Lead time", leadHint: "From creation until done.", cycleTime: "Cycle time", cycleHint: "From when somebody began until done. Tasks that nobody was seen working on are left out.",
    p50: "Half below", p85: "85 % below", p95: "95 % below", count: "Tasks", days: "Done on", task: "Task", measure: "Count", tasks: "Tasks", estimates: "Estimated hours",
    part: "Part", hours: (hours: string) => `${hours} estimated`,
    people: "By person", peopleHint: "Done in the period, and what is assigned now.", assigned: (tasks: number) => many(tasks, { one: "# assigned", other: "# assigned" }),
  },
  empty: {
    made: "Nothing was created or done in these days. Tasks appear here a second after somebody adds or finishes one.",
    throughput: "Nothing was done in these days. Move a task to Done and it counts here within a second.",
    status: "There are no tasks yet. Add some to a board, and this shows where they stand.",
    age: "Nothing is open. Open tasks appear here with how long they have been where they are.",
    load: "Nothing open is assigned. Assign tasks to people, and give estimates, to see who has how much.",
    opens: "No link was opened in these days. Share a task by a link: who opens it counts here.",
    burndown: "Nothing was left to do in these days. Add tasks, with estimates if you like to count hours.",
    cumulative: "No tasks in these days. Bands grow as tasks move through the columns of a board.",
    times: "Nothing was done in these days. Each task that is done shows how long it took.",
    cycle: "No finished task was seen in progress. Move tasks through “In progress” on their way to Done, and this shows how long work takes once it has begun.",
    people: "Nobody has tasks yet. Assign tasks to people to see them here.",
  },
  look: { label: "Look closer", projects: "Projects", teams: "Teams", people: "People" },
  report: {
    create: "New report", none: "No reports yet", noneHint: "A report keeps measures, a group and a filter under a name. It is made in the background, downloaded as a file, and sent by mail as often as you like.",
    by: "One row for each", keptBy: (name: string) => `Kept by ${name}`, measures: "Measures", noMeasure: "Choose at least one measure.", any: "All", ownOnly: "It shows your own work: numbers of others are for managers.",
    groups: { day: "Day", week: "Week", month: "Month", project: "Project", person: "Person", status: "Status", priority: "Priority", task: "Task", link: "Link", device: "Device", referrer: "Website they came from" },
    measureNames: { tasks_created: "Tasks created", tasks_done: "Tasks done", estimate_done: "Estimates done", lead_time: "Lead time", cycle_time: "Cycle time", comments: "Comments", link_opens: "Links opened" },
    parts: { count: "tasks", mean: "mean", p50: "half below", p85: "85 % below", p95: "95 % below" },
    filters: { project_id: "Project", user_id: "Person", status: "Status", priority: "Priority" },
    relatives: {
      last_7_days: "Last 7 days", last_30_days: "Last 30 days", last_90_days: "Last 90 days", last_365_days: "Last 365 days", this_week: "This week", previous_week: "Last week",
      this_month: "This month", previous_month: "Last month", previous_quarter: "Last quarter", previous_year: "Last year",
    },
    run: "Make it now", made: "Made on", noRuns: "Not made yet", noRunsHint: "Make it now, or set a schedule. It takes moments, and stays here for 14 days.",
    states: { queued: "Waiting for its turn", running: "Being made", ready: "Ready", failed: "Failed" },
    failures: { too_large: "That is too much for one report. Choose fewer days, or a filter.", gave_up: "It could not be made, after three tries. Make it again later." },
    result: "Result", rows: (rows: number) => many(rows, { one: "# row", other: "# rows" }), kept: (moment: string) => `kept until ${moment}`, download: (format: string) => `Download ${format}`,
    tooMany: "There are too many rows to show. Download the file.", nothing: "No rows", nothingHint: "Nothing happened in these days that the filter lets pass.", without: "None",
    schedule: "Schedule", unschedule: "End the schedule", every: "Every", weekday: "On", dayOfMonth: "On day", hour: "At hour", told: "Told by mail", next: (moment: string) => `Made next on ${moment}`,
    removeTitle: (name: string) => `Remove “${name}”?`, removeHint: "It is not made any more, and its numbers are not shown here again. That cannot be undone.",
  },
  back: "Back to the project", of: (name: string) => `Analytics of ${name}`,
};

export type Words = typeof en;
