// Lists of tasks stay true while they are looked at: the rooms of the projects that their tasks are of.
import { useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";

import { stale } from "./news";
import { renewProject, renewTasks, Turns } from "./reading";
import { enter } from "./room";

/** Of the 50 rooms that a connection may be in. */
const MOST_ROOMS = 20;

/** Reads lists anew after news of these projects; shows nothing. */
export function ListsRoom({ projectIds }: { projectIds: readonly string[] }): null {
  const cache = useQueryClient();
  const names = [...new Set(projectIds)].slice(0, MOST_ROOMS).toSorted().join();
  useEffect(() => {
    const turns = new Turns(() => renewTasks(cache));
    const rooms = names.split(",").filter(Boolean).map((id) =>
      enter(`project:${id}`, {
        news: (name, news) => {
          if (news.data.project_id !== id) return;
          const old = stale(name, news);
          if (old.comments) void cache.invalidateQueries({ queryKey: ["comments"] });
          if (old.project) renewProject(cache, id);
          if (old.board) turns.ask();
        },
        missed: (first) => (first ? turns.ask() : void cache.invalidateQueries()),
      }));
    return () => {
      turns.end();
      for (const room of rooms) room.leave();
    };
  }, [cache, names]);
  return null;
}
