import clsx from "clsx";
import type { ComponentProps } from "react";

const KINDS = {
  primary: "bg-accent text-on-accent hover:bg-accent-strong font-medium",
  plain: "bg-surface text-ink border border-line hover:border-line-strong shadow-card",
  quiet: "text-ink-2 hover:text-ink hover:bg-sunken",
  danger: "bg-danger-tint text-danger hover:brightness-95 font-medium",
};

type Props = ComponentProps<"button"> & { kind?: keyof typeof KINDS };

export function Button({ kind = "plain", className, type = "button", ...rest }: Props) {
  return (
    <button
      type={type}
      className={clsx(
        "inline-flex min-h-8 items-center justify-center gap-1.5 rounded-lg px-3 py-1 whitespace-nowrap transition-colors",
        "disabled:opacity-60 disabled:cursor-default",
        KINDS[kind],
        className,
      )}
      {...rest}
    />
  );
}

/** A button that shows a symbol only; its label is for who does not see it, and for the pointer that rests on it. */
export function IconButton({ label, className, ...rest }: Omit<Props, "kind" | "title"> & { label: string }) {
  return (
    <button
      type="button"
      aria-label={label}
      title={label}
      className={clsx(
        "inline-flex size-8 shrink-0 items-center justify-center rounded-lg text-ink-2 transition-colors",
        "hover:bg-sunken hover:text-ink disabled:opacity-50",
        className,
      )}
      {...rest}
    />
  );
}
