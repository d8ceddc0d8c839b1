import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { usePeople } from "~/features/session/queries";
import { ago, showMoment } from "~/lib/dates";
import { t } from "~/lib/i18n";

import type { FullTask } from "./model";
import { historyQuery } from "./queries";

/** Who changed what, newest first; read when it is opened. */
export function History({ task }: { task: FullTask }) {
  const [opened, setOpened] = useState(false);
  return (
    <details className="border-t border-line pt-3" onToggle={(event) => setOpened(event.currentTarget.open)}>
      <summary className="text-sm font-semibold">{t.task.history}</summary>
      {opened && <Entries task={task} />}
    </details>
  );
}

function Entries({ task }: { task: FullTask }) {
  const { data = [] } = useQuery(historyQuery(task.id));
  const { find } = usePeople();
  return (
    <ol className="mt-2 grid gap-1.5 text-sm">
      {data.map((entry) => (
        <li key={entry.id} className="flex flex-wrap gap-x-1.5 text-ink-2">
          <span className="font-medium text-ink">{find(entry.actor_id).name}</span>
          <span>{t.history.kinds[entry.kind] ?? entry.kind}{fields(entry.changes)}</span>
          <time dateTime={entry.created_at} title={showMoment(entry.created_at)}>{ago(entry.created_at)}</time>
        </li>
      ))}
    </ol>
  );
}

function fields(changes: object | null | undefined): string {
  const names = Object.keys(changes ?? {}).map((name) => t.history.fields[name] ?? name);
  return names.length ? `: ${names.join(", ")}` : "";
}
