// What the screens of the settings are made of.
import { Copy } from "lucide-react";
import clsx from "clsx";
import { type ReactNode } from "react";

import { t } from "~/lib/i18n";
import { Button, IconButton } from "~/ui/button";
import { Dialog } from "~/ui/dialog";
import { Form } from "~/ui/form";
import { toast } from "~/ui/toasts";

import { w } from "./words";

/** A section: its name, what it is for, and what is done most there. */
export function Screen({ title, hint, action, children }: { title: string; hint?: string; action?: ReactNode; children: ReactNode }) {
  return (
    <div className="grid gap-5">
      <header className="flex flex-wrap items-start justify-between gap-x-4 gap-y-2">
        <div className="min-w-0 max-w-xl">
          <h1 className="text-2xl font-semibold">{title}</h1>
          {hint && <p className="text-ink-2 text-pretty">{hint}</p>}
        </div>
        {action}
      </header>
      {children}
    </div>
  );
}

/** A part of a section. */
export function Block({ title, hint, action, children }: { title: string; hint?: ReactNode; action?: ReactNode; children?: ReactNode }) {
  return (
    <section aria-label={title} className="grid gap-4 rounded-2xl border border-line bg-surface p-4 shadow-card sm:p-5">
      <div className="flex flex-wrap items-start justify-between gap-x-4 gap-y-2">
        <div className="min-w-0 max-w-lg">
          <h2 className="text-lg font-semibold">{title}</h2>
          {hint && <div className="text-sm text-ink-2 text-pretty">{hint}</div>}
        </div>
        {action}
      </div>
      {children}
    </section>
  );
}

/** Rows below each other, in one frame. */
export function Rows({ label, children, inset = false }: { label: string; children: ReactNode; inset?: boolean }) {
  return <ul aria-label={label} className={clsx("divide-y divide-line border border-line bg-surface", inset ? "rounded-xl" : "rounded-2xl shadow-card")}>{children}</ul>;
}

/** A row: what it is, more about it below, and what can be done with it. */
export function Row({ sign, title, below, children }: { sign?: ReactNode; title: ReactNode; below?: ReactNode; children?: ReactNode }) {
  return (
    <li className="flex flex-wrap items-center gap-x-3 gap-y-2 px-3 py-2.5 sm:px-4">
      {sign}
      <div className="min-w-40 flex-1">
        <div className="font-medium break-words">{title}</div>
        {below && <div className="text-sm text-ink-2 break-words">{below}</div>}
      </div>
      {children && <div className="ml-auto flex shrink-0 items-center gap-1.5">{children}</div>}
    </li>
  );
}

/** A small remark beside a name. */
export function Tag({ children, kind = "plain" }: { children: ReactNode; kind?: "plain" | "good" | "bad" }) {
  const color = { plain: "bg-sunken text-ink-2", good: "bg-tint text-accent-strong", bad: "bg-danger-tint text-danger" }[kind];
  return <span className={clsx("ml-1.5 inline-block rounded-md px-1.5 text-xs font-medium", color)}>{children}</span>;
}

/** Asks once more before what cannot be undone. */
export function Confirm({ title, action, onConfirm, onClose, children }: {
  title: string;
  action: string;
  onConfirm: () => Promise<unknown>;
  onClose: () => void;
  children: ReactNode;
}) {
  return (
    <Dialog title={title} onClose={onClose}>
      <Form action={action} aside={<Button onClick={onClose}>{t.common.cancel}</Button>} send={async () => {
        await onConfirm();
        onClose();
      }}>
        {() => <div className="grid gap-2 text-ink-2">{children}</div>}
      </Form>
    </Dialog>
  );
}

/** Text that is there to be taken along. */
export function Copyable({ text, label }: { text: string; label: string }) {
  return (
    <div className="flex items-center gap-1 rounded-lg border border-line bg-sunken py-1 pr-1 pl-3">
      <code aria-label={label} className="min-w-0 flex-1 text-sm break-all select-all">{text}</code>
      <IconButton label={`${w.copy}: ${label}`} onClick={() => void navigator.clipboard.writeText(text).then(() => toast.say(w.copied))}><Copy size={15} /></IconButton>
    </div>
  );
}
