// Nobody gives or takes a role that reaches further than the own; the server judges by the same rule.
import type { Schemas } from "~/lib/api/client";

import type { Member, Role } from "./queries";

type Me = Pick<Schemas["Me"], "role" | "permissions">;

/** Whether somebody may give a role to a person, or take it from one. */
export const reaches = (me: Me, role: Role): boolean =>
  (role.name !== "owner" || !role.built_in || me.role === "owner") && role.permissions.every((permission) => me.permissions.includes(permission));

/** How a role is chosen: by name one of the five, by id one of the organization's own. */
export const choiceOf = (role: Role): string => role.id ?? role.name;

export const chosenBy = (member: Pick<Member, "role" | "custom_role">): string => member.custom_role?.id ?? member.role;

export const roleOf = (roles: readonly Role[], member: Pick<Member, "role" | "custom_role">): Role | undefined =>
  roles.find((role) => choiceOf(role) === chosenBy(member));
