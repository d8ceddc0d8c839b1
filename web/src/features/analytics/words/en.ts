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
  back: "Back to the project", of: (name: string) => `Analytics of ${name}`,
};

export type Words = typeof en;
