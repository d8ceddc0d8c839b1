import { expect, it } from "vitest";

import { actionText, summary } from "./audit-text";

const roles = new Map([["admin", "Admin"], ["member", "Member"], ["018f-1", "Contractor"]]);
const entry = (action: string, detail: object, succeeded = true) => ({ action, detail: detail as Record<string, never>, succeeded });

it("says what was done, and what it has no words for as it is named", () => {
  expect(actionText("member.removed")).toBe("Member removed");
  expect(actionText("moon.landed")).toBe("moon.landed");
});

it("names both roles of a change, one's own by name", () => {
  expect(summary(entry("member.role_changed", { from_role: "member", role: "viewer", role_id: "018f-1" }), roles)).toBe("Member → Contractor");
  expect(summary(entry("member.role_changed", { from_role: "admin", role: "viewer", role_id: "gone" }), roles)).toBe("Admin → viewer");
});

it("a refusal says why, a refused permission where", () => {
  expect(summary(entry("session.refused", { code: "wrong_password" }, false), roles)).toBe("wrong_password");
  expect(summary(entry("permission.denied", { code: "permission_denied", method: "GET", route: "/api/v1/audit-events" }, false), roles)).toBe("GET /api/v1/audit-events");
});

it("tells what changed", () => {
  expect(summary(entry("organization.updated", { changed: ["name", "require_second_factor"] }), roles)).toBe("name, require_second_factor");
  expect(summary(entry("role.deleted", {}), roles)).toBe("");
});
