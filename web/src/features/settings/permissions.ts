// What can be allowed, `subject:verb`, in the order in which it is shown.
export const PERMISSIONS = [
  "project:read", "project:create", "project:update", "project:delete", "board:manage",
  "task:read", "task:create", "task:update", "task:delete", "comment:create", "link:create", "link:manage", "analytics:read",
  "member:read", "member:invite", "member:manage", "role:manage", "team:manage", "workspace:manage",
  "organization:manage", "security:manage", "audit:read", "webhook:manage",
] as const;

const subject = (permission: string): string => permission.split(":")[0] ?? permission;

/** Permissions by what they are about. Those that this page does not know yet come last. */
export function bySubject(permissions: readonly string[]): [string, string[]][] {
  const known: readonly string[] = PERMISSIONS;
  const place = (permission: string) => (known.includes(permission) ? known.indexOf(permission) : known.length);
  const groups = new Map<string, string[]>();
  for (const permission of permissions.toSorted((a, b) => place(a) - place(b))) {
    groups.set(subject(permission), [...(groups.get(subject(permission)) ?? []), permission]);
  }
  return [...groups];
}

/** What a program may do that changes nothing. */
export const readingOnly = (permissions: readonly string[]): string[] => permissions.filter((permission) => permission.endsWith(":read"));
