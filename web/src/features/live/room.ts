// A room of the live connection, as long as something of it is shown.
import { connection } from "./connection";
import type { News } from "./news";
import type { Presence } from "./presence";

type Joined = { ok: boolean; code?: string; cursor?: string; refetch?: boolean; presence?: Presence[] };

type Hears = {
  /** News of the room; of other rooms too, which says nothing new. */
  news: (name: string, news: News) => void;
  /** In the room for the first time, or more was missed than the gateway remembers: what was read before may be old. */
  missed: (first: boolean) => void;
  /** In the room again, or for the first time, with those who are there. */
  joined?: (others: Presence[]) => void;
  presence?: (told: Presence) => void;
  /** Whether news come at all. */
  live?: (live: boolean) => void;
};

export type Room = { say: (state: "looking" | "dragging", taskId?: string) => void; leave: () => void };

/** Is in the room until it is left; after a break it joins again and hears what it missed. */
export function enter(room: string, hears: Hears): Room {
  const socket = connection();
  let last: string | undefined;

  async function join() {
    const answer = (await socket.emitWithAck("join", { room, ...(last && { after: last }) })) as Joined;
    hears.live?.(answer.ok);
    if (!answer.ok) return;
    if (answer.refetch || !last) hears.missed(!last);
    last = answer.cursor ?? last;
    hears.joined?.(answer.presence ?? []);
  }
  function hear(name: string, told: News) {
    if (name === "presence:changed") return hears.presence?.(told as unknown as Presence);
    if (!/^(kanban|project):/.test(name)) return;
    last = told.id;
    hears.news(name, told);
  }
  const left = (told: { room: string }) => told.room === room && void join();
  const lost = () => hears.live?.(false);
  socket.on("connect", join);
  socket.on("disconnect", lost);
  socket.on("room:left", left);
  socket.onAny(hear);
  if (socket.connected) void join();
  return {
    say: (state, taskId) => void (socket.connected && socket.emit("presence", { room, state, ...(taskId && { task_id: taskId }) })),
    leave: () => {
      socket.off("connect", join);
      socket.off("disconnect", lost);
      socket.off("room:left", left);
      socket.offAny(hear);
      if (socket.connected) socket.emit("leave", { room });
    },
  };
}
