// A board's room: news of others, and who else is here.
import { useQueryClient, type QueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";

import { renewed, type Board } from "~/features/board/arrangement";
import { boardQuery, readBoard } from "~/features/project/queries";

import { connection } from "./connection";
import { stale, type News } from "./news";

export type Presence = { client_id: string; user_id: string; state: "looking" | "dragging" | "gone"; task_id?: string | null };

type Joined = { ok: boolean; code?: string; cursor?: string; refetch?: boolean; presence?: Presence[] };

/** News that come together are read together. */
const TOGETHER_MS = 60;

/** Keeps a board true while it is looked at. Answers who else is there, and whether news come at all. */
export function useBoardRoom(boardId: string, projectId: string): { here: Presence[]; live: boolean } {
  const cache = useQueryClient();
  const [here, setHere] = useState<Presence[]>([]);
  const [live, setLive] = useState(true);
  useEffect(() => {
    const socket = connection();
    const room = `board:${boardId}`;
    const reader = new Reader(cache, boardId, projectId);
    let last: string | undefined;

    async function join() {
      const answer = (await socket.emitWithAck("join", { room, ...(last && { after: last }) })) as Joined;
      setLive(answer.ok);
      if (!answer.ok) return;
      if (answer.refetch && last) reader.all();
      last = answer.cursor ?? last;
      setHere(answer.presence ?? []);
      socket.emit("presence", { room, state: "looking" });
    }
    function hear(name: string, news: News) {
      if (name === "presence:changed") return setHere((known) => present(known, news as unknown as Presence));
      if (!/^(kanban|project):/.test(name)) return;
      last = news.id;
      reader.read(name, news);
    }
    const left = (told: { room: string }) => told.room === room && void join();
    const lost = () => setLive(false);
    socket.on("connect", join);
    socket.on("disconnect", lost);
    socket.on("room:left", left);
    socket.onAny(hear);
    if (socket.connected) void join();
    return () => {
      socket.off("connect", join);
      socket.off("disconnect", lost);
      socket.off("room:left", left);
      socket.offAny(hear);
      reader.end();
      if (socket.connected) socket.emit("leave", { room });
    };
  }, [cache, boardId, projectId]);
  return { here, live };
}

/** Who is here after the news of one of them. */
export function present(known: Presence[], told: Presence): Presence[] {
  const others = known.filter((one) => one.client_id !== told.client_id);
  return told.state === "gone" ? others : [...others, told];
}

/** Reads what news made old, once for all that come together. */
class Reader {
  private timer: ReturnType<typeof setTimeout> | undefined;
  private readonly changed = new Set<string>();

  constructor(private readonly cache: QueryClient, private readonly boardId: string, private readonly projectId: string) {}

  read(name: string, news: News): void {
    const old = stale(name, news);
    if (old.comments) void this.cache.invalidateQueries({ queryKey: ["comments"] });
    if (old.project) {
      for (const key of ["project", "boards", "labels"]) void this.cache.invalidateQueries({ queryKey: [key, this.projectId] });
    }
    if (old.task) this.changed.add(old.task);
    if (old.board) this.timer ??= setTimeout(() => void this.board(), TOGETHER_MS);
  }

  all(): void {
    void this.cache.invalidateQueries();
  }

  end(): void {
    clearTimeout(this.timer);
  }

  private async board(): Promise<void> {
    this.timer = undefined;
    const changed = new Set(this.changed);
    this.changed.clear();
    // Where it cannot be read the board stays as it is; it is read again when it is looked at again.
    const fresh = await readBoard(this.boardId).catch(() => null);
    const { queryKey } = boardQuery(this.boardId);
    if (fresh) this.cache.setQueryData<Board>(queryKey, (before) => (before ? renewed(before, fresh, changed) : fresh));
    void this.cache.invalidateQueries({ queryKey: ["tasks"] });
    for (const name of ["task", "checklists", "subtasks", "history", "dependencies"]) void this.cache.invalidateQueries({ queryKey: [name] });
  }
}
