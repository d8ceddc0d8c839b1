// Short messages in a corner. Each goes by itself, but for those that wait for an answer or tell of a failure.
import { X } from "lucide-react";
import clsx from "clsx";
import { useEffect } from "react";
import { create } from "zustand";

import { Problem } from "~/lib/api/client";
import { t } from "~/lib/i18n";

import { IconButton } from "./button";

type Action = { label: string; run: () => void };

type Toast = {
  id: number;
  text: string;
  bad: boolean;
  action?: Action;
};

const STAYS_MS = 6000;

let last = 0;
const useToasts = create<Toast[]>(() => []);

function add(toast: Omit<Toast, "id">): void {
  last += 1;
  const id = last;
  useToasts.setState((shown) => [...shown.slice(-3), { ...toast, id }], true);
}

function drop(id: number): void {
  useToasts.setState((shown) => shown.filter((toast) => toast.id !== id), true);
}

/** Anything but a `Problem` is a fault of ours and goes on to the browser's log. */
function words(error: unknown): string {
  if (error instanceof Problem) return error.message;
  throw error;
}

export const toast = {
  say: (text: string, action?: Action) => add({ text, bad: false, ...(action && { action }) }),
  /** Tells what went wrong. */
  failed: (error: unknown) => add({ text: words(error), bad: true }),
  /** The same, with a way to go on. */
  refused: (error: unknown, action: Action) => add({ text: words(error), bad: true, action }),
};

export function Toasts() {
  const shown = useToasts();
  return (
    <div role="region" aria-label={t.common.messages} aria-live="polite"
      className="pointer-events-none fixed inset-x-3 bottom-3 z-60 grid justify-items-center gap-2 sm:left-auto sm:justify-items-end">
      {shown.map((toast) => <Message key={toast.id} toast={toast} />)}
    </div>
  );
}

function Message({ toast }: { toast: Toast }) {
  useEffect(() => {
    if (toast.bad) return;
    const timer = setTimeout(() => drop(toast.id), STAYS_MS);
    return () => clearTimeout(timer);
  }, [toast]);
  return (
    <div className={clsx(
      "rise pointer-events-auto flex max-w-md items-center gap-3 rounded-xl border px-3 py-2 shadow-float",
      toast.bad ? "border-danger bg-danger-tint text-danger" : "border-line bg-raised",
    )}>
      <p className="min-w-0 break-words">{toast.text}</p>
      {toast.action && (
        <button type="button" className="shrink-0 font-semibold text-accent underline-offset-2 hover:underline"
          onClick={() => {
            toast.action?.run();
            drop(toast.id);
          }}>
          {toast.action.label}
        </button>
      )}
      <IconButton label={t.common.close} className="-mr-1 size-6" onClick={() => drop(toast.id)}><X size={14} /></IconButton>
    </div>
  );
}
