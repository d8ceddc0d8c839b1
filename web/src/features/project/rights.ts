// Who may change a project, its boards and its members: as the server decides (docs/WORK.md, Rights), as far as it can be
// known here. What it refuses after all is said then.
import { useQuery } from "@tanstack/react-query";

import { useMe } from "~/features/session/queries";
import type { Schemas } from "~/lib/api/client";

import { membersQuery } from "./queries";

type Project = Pick<Schemas["ProjectView"], "id" | "public">;

/** Whether the organization alone gives the right: its roles hold in what is public, its owners' everywhere. */
export const managesByOrganization = (permissions: readonly string[], project: Pick<Project, "public">): boolean =>
  permissions.includes("board:manage") && (project.public || permissions.includes("organization:manage"));

export function useProjectRole(project: Project | undefined, wanted = true): Schemas["ProjectRole"] | undefined {
  const { user } = useMe();
  const { data } = useQuery({ ...membersQuery(project?.id ?? ""), enabled: project !== undefined && wanted });
  return data?.find((member) => member.user_id === user.id)?.role;
}

export function useManages(project: Project | undefined): boolean {
  const { permissions } = useMe();
  const byOrganization = project !== undefined && managesByOrganization(permissions, project);
  const role = useProjectRole(project, !byOrganization);
  return byOrganization || role === "owner" || role === "manager";
}
