// A board's room: news of others, who else is here, and what they hold in their hand.
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";

import { inHand, present, useInHand, type Presence } from "./presence";
import { BoardReader } from "./reading";
import type { Room } from "./room";

type BoardRoom = {
  here: Presence[];
  live: boolean;
  /** Tells the others which card is dragged; null when it is let go. */
  drag: (taskId: string | null) => void;
};

/** Keeps a board true while it is looked at. */
export function useBoardRoom(boardId: string, projectId: string): BoardRoom {
  const cache = useQueryClient();
  const [here, setHere] = useState<Presence[]>([]);
  const [live, setLive] = useState(true);
  const room = useRef<Room | null>(null);
  useEffect(() => {
    const name = `board:${boardId}`;
    const reader = new BoardReader(cache, boardId, projectId);
    let over = false;
    // The board is drawn first.
    void import("./room").then(({ enter }) => {
      if (over) return;
      const entered = enter(name, {
        news: (kind, news) => reader.hear(kind, news),
        missed: (first) => (first ? reader.again() : void cache.invalidateQueries()),
        joined: (others) => {
          setHere(others);
          entered.say("looking");
        },
        presence: (told) => told.room === name && setHere((known) => present(known, told)),
        live: setLive,
      });
      room.current = entered;
    });
    return () => {
      over = true;
      reader.end();
      room.current?.leave();
      room.current = null;
    };
  }, [cache, boardId, projectId]);
  useEffect(() => useInHand.setState(inHand(here), true), [here]);
  const [drag] = useState(() => (taskId: string | null) => (taskId ? room.current?.say("dragging", taskId) : room.current?.say("looking")));
  return { here, live, drag };
}
