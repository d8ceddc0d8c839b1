// What an entry of the log says in words.
import { w } from "./words";

import type { AuditEvent } from "./queries";

/** What was done; what this page has no words for, as the log names it. */
export const actionText = (action: string): string => w.audit.actions[action] ?? action;

const plain = (value: unknown): string | null => {
  if (typeof value === "string" || typeof value === "number") return String(value);
  if (Array.isArray(value)) return value.map(plain).filter(Boolean).join(", ");
  return null;
};

/** The little of the details that says most, after the name of what was done. `roles` are names by id. */
export function summary({ action, detail, succeeded }: Pick<AuditEvent, "action" | "detail" | "succeeded">, roles: ReadonlyMap<string, string>): string {
  const told = detail as Record<string, unknown>;
  const role = (name: string) => {
    const [own, builtIn] = [told[`${name}_id`], told[name]];
    return (typeof own === "string" && roles.get(own)) || (typeof builtIn === "string" && roles.get(builtIn)) || plain(builtIn);
  };
  if (action === "member.role_changed") return `${role("from_role") ?? "?"} → ${role("role") ?? "?"}`;
  if (action === "invitation.created") return role("role") ?? "";
  if (action === "permission.denied") return [plain(told["method"]), plain(told["route"])].filter(Boolean).join(" ");
  if (action === "session.opened") return w.sessions.method[plain(told["method"]) ?? ""] ?? "";
  if (!succeeded) return plain(told["code"]) ?? "";
  return plain(told["changed"]) ?? plain(told["provider"]) ?? plain(told["name"]) ?? plain(told["count"]) ?? "";
}
