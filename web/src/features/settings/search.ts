// What addresses of the settings hold.
import type { Invitation, MemberFilter } from "./queries";

type Given = Record<string, unknown>;

const text = (value: unknown): string | undefined => (typeof value === "string" && value ? value : undefined);
const one = <T extends string>(known: readonly T[], value: unknown): T | undefined => known.find((name) => name === value);

export function memberSearch(given: Given): MemberFilter {
  const [q, role] = [text(given["q"]), text(given["role"])];
  return { ...(q && { q }), ...(role && { role }) };
}

export const INVITATION_STATES = ["open", "accepted", "expired", "revoked", "all"] as const satisfies readonly (Invitation["status"] | "all")[];

export function invitationSearch(given: Given): { status?: (typeof INVITATION_STATES)[number] } {
  const status = one(INVITATION_STATES, given["status"]);
  return status && status !== "open" ? { status } : {};
}

/** The team that is open. */
export function teamSearch(given: Given): { team?: string } {
  const team = text(given["team"]);
  return team ? { team } : {};
}

/** The webhook that is open. */
export function webhookSearch(given: Given): { webhook?: string } {
  const webhook = text(given["webhook"]);
  return webhook ? { webhook } : {};
}

export type AuditSearch = {
  /** A subject, `member`, for all that was done to such things. */
  action?: string;
  actor?: string;
  outcome?: "let" | "refused";
  /** Days. */
  from?: string;
  to?: string;
};

const DAY = /^\d{4}-\d{2}-\d{2}$/;

export function auditSearch(given: Given): AuditSearch {
  const day = (value: unknown) => (typeof value === "string" && DAY.test(value) ? value : undefined);
  const [action, actor, outcome, from, to] = [text(given["action"]), text(given["actor"]), one(["let", "refused"] as const, given["outcome"]), day(given["from"]), day(given["to"])];
  return { ...(action && { action }), ...(actor && { actor }), ...(outcome && { outcome }), ...(from && { from }), ...(to && { to }) };
}
