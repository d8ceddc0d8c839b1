// Keeps every copy of a task in the cache true: boards, lists, the open task.
import type { InfiniteData, QueryClient } from "@tanstack/react-query";

import { added, told, without, type Board } from "~/features/board/arrangement";
import type { Schemas } from "~/lib/api/client";

import { newer, summary, type FullTask, type Task } from "./model";

type Lists = InfiniteData<Schemas["Page_TaskSummary"]>;

function everyBoard(cache: QueryClient, change: (board: Board) => Board): void {
  cache.setQueriesData<Board>({ queryKey: ["board"] }, (board) => board && change(board));
}

function everyList(cache: QueryClient, change: (tasks: Task[]) => Task[]): void {
  cache.setQueriesData<Lists>({ queryKey: ["tasks"] }, (lists) =>
    lists && { ...lists, pages: lists.pages.map((page) => ({ ...page, items: change(page.items) })) });
}

/** A task was changed: every copy that is older becomes this one. */
export function putTask(cache: QueryClient, task: Task | FullTask): void {
  const short = summary(task);
  everyBoard(cache, (board) => told(board, short));
  everyList(cache, (tasks) => tasks.map((known) => (known.id === short.id ? newer(known, short) : known)));
  cache.setQueryData<FullTask>(["task", task.key], (known) =>
    "description" in task ? (known && known.version > task.version ? known : task) : known && newer(known, short));
}

/** A task came into being. */
export function addTask(cache: QueryClient, task: FullTask): void {
  everyBoard(cache, (board) => added(board, summary(task)));
  void cache.invalidateQueries({ queryKey: ["tasks"] });
}

/** A task is gone from boards and lists. */
export function dropTask(cache: QueryClient, id: string): void {
  everyBoard(cache, (board) => without(board, id));
  everyList(cache, (tasks) => tasks.filter((task) => task.id !== id));
}
