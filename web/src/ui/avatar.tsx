import clsx from "clsx";

const HUES = [
  "bg-[#b5532f] text-white", "bg-[#3b4fb3] text-white", "bg-[#0d6656] text-white",
  "bg-[#8a3a76] text-white", "bg-[#7a5a00] text-white", "bg-[#2b6580] text-white",
];

function hue(id: string): string {
  const sum = [...id].reduce((all, char) => (all * 31 + char.charCodeAt(0)) >>> 0, 7);
  return HUES[sum % HUES.length] ?? "";
}

const initials = (name: string): string =>
  name.split(/\s+/).slice(0, 2).map((word) => word[0] ?? "").join("").toUpperCase();

export type Person = { id: string; name: string; avatar_url?: string | null };

export function Avatar({ person, size = "size-6", label = true }: { person: Person; size?: string; label?: boolean }) {
  const className = clsx(size, "inline-flex shrink-0 items-center justify-center rounded-full text-[0.625rem] font-semibold select-none");
  if (person.avatar_url) {
    return <img src={person.avatar_url} alt={label ? person.name : ""} title={person.name} className={clsx(className, "object-cover")} />;
  }
  return (
    <span {...(label ? { role: "img", "aria-label": person.name } : { "aria-hidden": true })} title={person.name} className={clsx(className, hue(person.id))}>
      {initials(person.name)}
    </span>
  );
}

/** People in a row, the first three and how many more. */
export function Avatars({ people }: { people: Person[] }) {
  if (people.length === 0) return null;
  const more = people.length - 3;
  return (
    <span className="flex -space-x-1.5">
      {people.slice(0, 3).map((person) => (
        <span key={person.id} className="rounded-full ring-2 ring-surface"><Avatar person={person} /></span>
      ))}
      {more > 0 && <span className="inline-flex size-6 items-center justify-center rounded-full bg-sunken text-[0.625rem] font-semibold ring-2 ring-surface">+{more}</span>}
    </span>
  );
}
