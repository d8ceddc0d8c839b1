// What the settings consist of, and who sees which part.
import type { Words } from "./words/en";

export type Section = {
  path: `/settings/${keyof Words["sections"]}`;
  name: keyof Words["sections"];
  /** One of these permissions opens it; nothing named, everybody's. */
  needs?: readonly string[];
};

export const PERSONAL: readonly Section[] = [
  { path: "/settings/profile", name: "profile" },
  { path: "/settings/security", name: "security" },
  { path: "/settings/sessions", name: "sessions" },
  { path: "/settings/tokens", name: "tokens" },
];

export const ORGANIZATION: readonly Section[] = [
  { path: "/settings/members", name: "members", needs: ["member:read"] },
  { path: "/settings/invitations", name: "invitations", needs: ["member:invite"] },
  { path: "/settings/roles", name: "roles", needs: ["member:read"] },
  { path: "/settings/teams", name: "teams", needs: ["member:read"] },
  { path: "/settings/organization", name: "organization", needs: ["organization:manage", "security:manage"] },
  { path: "/settings/providers", name: "providers", needs: ["security:manage"] },
  { path: "/settings/webhooks", name: "webhooks", needs: ["webhook:manage"] },
  { path: "/settings/audit", name: "audit", needs: ["audit:read"] },
];

export const opens = (section: Section, permissions: readonly string[]): boolean =>
  !section.needs || section.needs.some((permission) => permissions.includes(permission));

/** The section at an address. */
export const sectionAt = (path: string): Section | undefined => [...PERSONAL, ...ORGANIZATION].find((section) => section.path === path);
