import clsx from "clsx";
import { useId, type ComponentProps, type ReactNode } from "react";

/** What is typed or chosen in, as wide as it needs. */
export const controlClass = "rounded-lg border border-line-strong bg-surface px-3 py-1.5 text-ink placeholder:text-ink-2 min-h-9";

export const inputClass = `w-full ${controlClass}`;

type Props = ComponentProps<"input"> & {
  label: string;
  hint?: ReactNode;
  error?: string | undefined;
  /** Stands behind what is typed. */
  suffix?: string;
};

/** A labelled input; what is wrong with it stands below and is read out. */
export function Field({ label, hint, error, suffix, className, ...rest }: Props) {
  const id = useId();
  const below = error || hint ? `${id}-below` : undefined;
  return (
    <div className={clsx("grid content-start gap-1", className)}>
      <label htmlFor={id} className="text-sm font-medium">{label}</label>
      <div className="flex items-center gap-2">
        <input id={id} className={inputClass} aria-invalid={Boolean(error)} aria-describedby={below} {...rest} />
        {suffix && <span className="shrink-0 text-sm text-ink-2">{suffix}</span>}
      </div>
      {below && <p id={below} className={clsx("text-sm", error ? "text-danger" : "text-ink-2")}>{error || hint}</p>}
    </div>
  );
}

export function SelectField({ label, children, className, ...rest }: ComponentProps<"select"> & { label: string }) {
  const id = useId();
  return (
    <div className={clsx("grid content-start gap-1", className)}>
      <label htmlFor={id} className="text-sm font-medium">{label}</label>
      <select id={id} className={inputClass} {...rest}>{children}</select>
    </div>
  );
}

export function Check({ label, ...rest }: Omit<ComponentProps<"input">, "type"> & { label: ReactNode }) {
  return (
    <label className="flex items-start gap-2">
      <input type="checkbox" className="mt-1 size-4 accent-accent" {...rest} />
      <span>{label}</span>
    </label>
  );
}
