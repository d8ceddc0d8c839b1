import type { ReactNode } from "react";

import { Brand } from "~/ui/brand";

/** What everything before the sign-in stands in. */
export function Doorway({ title, children, below }: { title: string; children: ReactNode; below?: ReactNode }) {
  return (
    <div className="grid min-h-dvh place-items-center px-4 py-10">
      <main className="w-full max-w-sm">
        <div className="mb-6 flex items-center gap-2.5">
          <Brand />
          <span className="text-lg font-semibold tracking-tight">Tenantry</span>
        </div>
        <div className="rounded-2xl border border-line bg-surface p-6 shadow-card">
          <h1 className="mb-4 text-xl font-semibold">{title}</h1>
          {children}
        </div>
        {below && <div className="mt-4 text-sm text-ink-2">{below}</div>}
      </main>
    </div>
  );
}

export const linkClass = "text-accent underline-offset-2 hover:underline";
