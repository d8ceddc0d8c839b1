// Reads what news made old. The first news is followed at once; what comes while one reads is read together afterwards.
import type { QueryClient } from "@tanstack/react-query";

import { renewed, type Board } from "~/features/board/arrangement";
import { boardQuery, readBoard } from "~/features/project/queries";
import { readUndisturbed } from "~/lib/api/changes";

import { stale, type News } from "./news";

/** Between one reading and the next. */
const PAUSE_MS = 60;

/** Runs at once, and once more after all that asked for it meanwhile. */
export class Turns {
  private running = false;
  private wanted = false;
  private over = false;

  constructor(private readonly act: () => Promise<void>, private readonly pauseMs = PAUSE_MS) {}

  ask(): void {
    this.wanted = true;
    if (!this.running) void this.run();
  }

  end(): void {
    this.over = true;
  }

  private async run(): Promise<void> {
    this.running = true;
    while (this.wanted && !this.over) {
      this.wanted = false;
      await this.act();
      await new Promise((resolve) => setTimeout(resolve, this.pauseMs));
    }
    this.running = false;
  }
}

/** What hangs on tasks in the cache: old after any news of one. */
const OF_TASKS = ["tasks", "task", "checklists", "subtasks", "history", "dependencies"];

export async function renewTasks(cache: QueryClient): Promise<void> {
  await Promise.all(OF_TASKS.map((name) => cache.invalidateQueries({ queryKey: [name] })));
}

/** Reads a board and what hangs on its tasks. */
export class BoardReader {
  private readonly changed = new Set<string>();
  private readonly turns = new Turns(() => this.board());

  constructor(private readonly cache: QueryClient, private readonly boardId: string, private readonly projectId: string) {}

  hear(name: string, news: News): void {
    const old = stale(name, news);
    if (old.comments) void this.cache.invalidateQueries({ queryKey: ["comments"] });
    if (old.project) renewProject(this.cache, this.projectId);
    if (old.task) this.changed.add(old.task);
    if (old.board) this.turns.ask();
  }

  again(): void {
    this.turns.ask();
  }

  end(): void {
    this.turns.end();
  }

  private async board(): Promise<void> {
    const changed = new Set(this.changed);
    this.changed.clear();
    let fresh: Board | null;
    try {
      fresh = await readUndisturbed(() => readBoard(this.boardId));
    } catch {
      // The board stays as it is; it is read again when it is looked at again.
      return;
    }
    if (!fresh) {
      for (const id of changed) this.changed.add(id);
      return this.turns.ask();
    }
    const whole = fresh;
    const { queryKey } = boardQuery(this.boardId);
    this.cache.setQueryData<Board>(queryKey, (before) => (before ? renewed(before, whole, changed) : whole));
    void renewTasks(this.cache);
  }
}

export function renewProject(cache: QueryClient, projectId: string): void {
  for (const key of ["project", "boards", "labels", "members"]) void cache.invalidateQueries({ queryKey: [key, projectId] });
  void cache.invalidateQueries({ queryKey: ["projects"] });
}
