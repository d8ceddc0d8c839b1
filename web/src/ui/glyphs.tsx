// Signs for status and priority. Their form tells them apart; colour only helps.
import clsx from "clsx";

import type { Schemas } from "~/lib/api/client";
import { t } from "~/lib/i18n";

type Status = Schemas["TaskStatus"];
type Priority = Schemas["TaskPriority"];

const STATUS_COLOR: Record<Status, string> = {
  todo: "text-ink-2",
  in_progress: "text-warn",
  review: "text-info",
  done: "text-good",
  cancelled: "text-ink-2",
};

/** How much of the circle is filled, in quarters. */
const FILLED: Partial<Record<Status, number>> = { in_progress: 2, review: 3 };

export function StatusGlyph({ status, className }: { status: Status; className?: string }) {
  const filled = FILLED[status];
  return (
    <svg viewBox="0 0 16 16" role="img" aria-label={t.status[status]} className={clsx("size-4 shrink-0", STATUS_COLOR[status], className)}>
      {status === "done"
        ? <><circle cx="8" cy="8" r="7" fill="currentColor" /><path d="m5 8.2 2.1 2.1L11 6.2" fill="none" stroke="var(--surface)" strokeWidth="1.7" strokeLinecap="round" strokeLinejoin="round" /></>
        : <circle cx="8" cy="8" r="6.25" fill="none" stroke="currentColor" strokeWidth="1.5" strokeDasharray={status === "todo" ? "2.2 1.73" : undefined} />}
      {filled && <circle cx="8" cy="8" r="2" fill="none" stroke="currentColor" strokeWidth="4" pathLength="4" strokeDasharray={`${filled} 4`} transform="rotate(-90 8 8)" />}
      {status === "cancelled" && <path d="m5.6 5.6 4.8 4.8m0-4.8-4.8 4.8" stroke="currentColor" strokeWidth="1.5" strokeLinecap="round" />}
    </svg>
  );
}

const BARS: Record<Priority, number> = { low: 1, medium: 2, high: 3, urgent: 3 };

export function PriorityGlyph({ priority, className }: { priority: Priority; className?: string }) {
  if (priority === "urgent") {
    return (
      <svg viewBox="0 0 16 16" role="img" aria-label={t.priority.urgent} className={clsx("size-4 shrink-0 text-danger", className)}>
        <rect x="1.5" y="1.5" width="13" height="13" rx="3.5" fill="currentColor" />
        <path d="M8 4.5v4.2M8 11.2v.2" stroke="var(--surface)" strokeWidth="1.8" strokeLinecap="round" />
      </svg>
    );
  }
  return (
    <svg viewBox="0 0 16 16" role="img" aria-label={t.priority[priority]} className={clsx("size-4 shrink-0 text-ink-2", className)}>
      {[0, 1, 2].map((bar) => (
        <rect key={bar} x={2 + bar * 4.5} y={10 - bar * 3.5} width="3" height={4 + bar * 3.5} rx="1" fill="currentColor" opacity={bar < BARS[priority] ? 1 : 0.28} />
      ))}
    </svg>
  );
}
