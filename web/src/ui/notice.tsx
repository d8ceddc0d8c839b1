import clsx from "clsx";
import type { ReactNode } from "react";

const KINDS = {
  danger: "bg-danger-tint text-danger",
  warn: "bg-warn-tint text-warn",
  calm: "bg-tint text-accent-strong",
};

/** A remark inside a page; a bad one is read out at once. */
export function Notice({ kind, children }: { kind: keyof typeof KINDS; children: ReactNode }) {
  return (
    <div role={kind === "danger" ? "alert" : "status"} className={clsx("rounded-lg px-3 py-2", KINDS[kind])}>
      {children}
    </div>
  );
}

/** What stands where nothing is yet: what it is for, and how to begin. */
export function Empty({ title, children, action }: { title: string; children: ReactNode; action?: ReactNode }) {
  return (
    <div className="mx-auto grid max-w-md justify-items-center gap-2 px-4 py-12 text-center">
      <h2 className="text-lg font-semibold">{title}</h2>
      <p className="text-ink-2 text-pretty">{children}</p>
      {action && <div className="mt-2">{action}</div>}
    </div>
  );
}

export function Skeleton({ className }: { className?: string }) {
  return <div aria-hidden className={clsx("animate-pulse rounded-lg bg-sunken motion-reduce:animate-none", className)} />;
}
