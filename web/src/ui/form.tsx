import { useState, type FormEvent, type ReactNode } from "react";

import { Problem } from "~/lib/api/client";

import { Button } from "./button";
import { Notice } from "./notice";

type Values = Record<string, string>;

type Props = {
  /** What the button does. */
  action: string;
  send: (values: Values) => Promise<unknown>;
  /** The fields; they are told what the server said of each. */
  children: (errors: ReadonlyMap<string, string>) => ReactNode;
  /** Beside the button. */
  aside?: ReactNode;
  className?: string;
};

/** A form that is sent by `send`; a refusal is shown above it, or at the field that it is about. */
export function Form({ action, send, children, aside, className = "grid gap-4" }: Props) {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);

  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = event.currentTarget;
    setBusy(true);
    setProblem(null);
    try {
      await send(Object.fromEntries([...new FormData(form)].map(([name, value]) => [name, String(value)])));
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      setProblem(error);
      requestAnimationFrame(() => form.querySelector<HTMLElement>("[aria-invalid=true]")?.focus());
    } finally {
      setBusy(false);
    }
  }

  const errors = problem?.fields ?? new Map<string, string>();
  return (
    <form onSubmit={(event) => void submit(event)} className={className}>
      {problem && errors.size === 0 && <Notice kind="danger">{problem.message}</Notice>}
      {children(errors)}
      <div className="flex items-center justify-between gap-3">
        {aside ?? <span />}
        <Button type="submit" kind="primary" disabled={busy}>{action}</Button>
      </div>
    </form>
  );
}
