import type { ReactNode } from "react";

export function Section({ title, hint, children }: { title: string; hint?: string; children: ReactNode }) {
  return (
    <section aria-label={title} className="grid gap-3">
      <div><h2 className="text-lg font-semibold">{title}</h2>{hint && <p className="text-sm text-ink-2">{hint}</p>}</div>
      <div className="grid gap-4 rounded-2xl border border-line bg-surface p-4 shadow-card">{children}</div>
    </section>
  );
}
