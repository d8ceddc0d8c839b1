// Parts of a filter, `assignee:me`, as menus switch them on and off. What people typed beside them stays as it is.

/** Parts stand between blanks; quotes and brackets hold blanks together. */
export function parts(filter: string): string[] {
  const found: string[] = [];
  let part = "";
  let inQuotes = false;
  let depth = 0;
  for (const char of filter) {
    if (char === '"') inQuotes = !inQuotes;
    if (!inQuotes && char === "(") depth += 1;
    if (!inQuotes && char === ")") depth -= 1;
    if (char === " " && !inQuotes && depth <= 0) {
      if (part) found.push(part);
      part = "";
    } else {
      part += char;
    }
  }
  return part ? [...found, part] : found;
}

const nameOf = (part: string): string => part.slice(0, part.indexOf(":") + 1);
const values = (part: string): string[] => part.slice(nameOf(part).length).match(/"[^"]*"|[^,]+/g) ?? [];

/** Names whose values are alternatives, so that a second one widens the filter instead of emptying it. */
const LISTS = new Set(["status:", "priority:", "label:", "assignee:"]);

export function has(filter: string, part: string): boolean {
  const name = nameOf(part);
  return parts(filter).some((known) => known === part || (LISTS.has(name) && nameOf(known) === name && values(known).includes(part.slice(name.length))));
}

/** The filter with the part, or without it where it was there. */
export function toggled(filter: string, part: string): string {
  const name = nameOf(part);
  const value = part.slice(name.length);
  const known = parts(filter);
  const at = known.findIndex((other) => other === part || (LISTS.has(name) && nameOf(other) === name));
  const found = known[at];
  if (found === undefined) return [...known, part].join(" ");
  const left = values(found).filter((other) => other !== value);
  if (left.length === values(found).length) left.push(value);
  if (left.length) known[at] = name + left.join(",");
  else known.splice(at, 1);
  return known.join(" ");
}

/** A name as a value. */
export const quoted = (name: string): string => `"${name.replaceAll('"', "")}"`;
