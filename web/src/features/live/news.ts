// What news mean to this page. They carry ids and versions; what is shown is read.
import { isEcho } from "~/lib/trace";

/** As the gateway sends it. */
export type News = {
  id: string;
  trace_id?: string;
  data: { task_id?: string; project_id?: string; version?: number };
};

export type Stale = { board: boolean; task: string | null; comments: boolean; project: boolean };

const NOTHING: Stale = { board: false, task: null, comments: false, project: false };

/** What is to be read again. The page's own changes are known from their answers. */
export function stale(name: string, news: News): Stale {
  if (isEcho(news.trace_id)) return NOTHING;
  const task = news.data.task_id ?? null;
  if (name.startsWith("kanban:comment:")) return { ...NOTHING, comments: true };
  if (name.startsWith("kanban:card:")) return { ...NOTHING, board: true, task };
  if (name.startsWith("kanban:")) return { ...NOTHING, board: true, project: true };
  if (name.startsWith("project:")) return { ...NOTHING, project: true };
  return NOTHING;
}
