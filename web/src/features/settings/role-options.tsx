import { t } from "~/lib/i18n";
import type { Schemas } from "~/lib/api/client";

import type { Role } from "./queries";
import { choiceOf } from "./reach";

/** The name of a role as people know it. */
export const roleName = (role: Pick<Role, "name" | "built_in">): string => (role.built_in ? t.role[role.name as Schemas["Role"]] : role.name);

/** Roles to choose from. */
export function RoleOptions({ roles }: { roles: readonly Role[] }) {
  return roles.map((role) => <option key={choiceOf(role)} value={choiceOf(role)}>{roleName(role)}</option>);
}
