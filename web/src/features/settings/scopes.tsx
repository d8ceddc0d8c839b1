import { Check } from "~/ui/field";

import { bySubject } from "./permissions";
import { w } from "./words";

type Props = {
  /** All that are shown. */
  all: readonly string[];
  /** What the reader may give; the rest is grey. */
  held: readonly string[];
  chosen: ReadonlySet<string>;
  onChange: (chosen: Set<string>) => void;
};

/** Permissions to choose from, by what they are about. */
export function Scopes({ all, held, chosen, onChange }: Props) {
  const toggle = (permission: string, on: boolean) => {
    const next = new Set(chosen);
    if (on) next.add(permission);
    else next.delete(permission);
    onChange(next);
  };
  return (
    <div className="grid gap-x-6 gap-y-3 sm:grid-cols-2">
      {bySubject(all).map(([subject, permissions]) => (
        <fieldset key={subject} className="grid content-start gap-0.5">
          <legend className="pb-0.5 text-xs font-semibold text-ink-2">{w.permission.subjects[subject] ?? subject}</legend>
          {permissions.map((permission) => (
            <Check key={permission} checked={chosen.has(permission)} disabled={!held.includes(permission)} onChange={(event) => toggle(permission, event.target.checked)}
              label={<span className={held.includes(permission) ? "" : "text-ink-2"}>{w.permission.names[permission] ?? permission}</span>} />
          ))}
        </fieldset>
      ))}
    </div>
  );
}

/** What a set of permissions comes to, in words. */
export function Allowed({ permissions }: { permissions: readonly string[] }) {
  return (
    <dl className="grid gap-x-6 gap-y-2 text-sm sm:grid-cols-2">
      {bySubject(permissions).map(([subject, names]) => (
        <div key={subject}>
          <dt className="font-medium">{w.permission.subjects[subject] ?? subject}</dt>
          <dd className="text-ink-2">{names.map((name) => w.permission.names[name] ?? name).join(" · ")}</dd>
        </div>
      ))}
    </dl>
  );
}
