import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { UserPlus } from "lucide-react";
import { useState } from "react";

import { usePeople } from "~/features/session/queries";
import { Failed } from "~/features/shell/failed";
import { api, ask } from "~/lib/api/client";
import { showMoment } from "~/lib/dates";
import { t } from "~/lib/i18n";
import { Button } from "~/ui/button";
import { controlClass } from "~/ui/field";
import { Empty, Skeleton } from "~/ui/notice";
import { toast } from "~/ui/toasts";

import { Invite } from "./invite";
import { Row, Rows, Screen, Tag } from "./parts";
import { invitationsQuery, rolesQuery, useAct, type Invitation, type Role } from "./queries";
import { choiceOf } from "./reach";
import { roleName } from "./role-options";
import { INVITATION_STATES } from "./search";
import { w } from "./words";

const route = getRouteApi("/frame/settings/invitations");

export function Invitations() {
  const { status = "open" } = route.useSearch();
  const navigate = route.useNavigate();
  const { data, error, refetch, hasNextPage, fetchNextPage } = useInfiniteQuery(invitationsQuery(status === "all" ? undefined : status));
  const { data: roles = [] } = useQuery(rolesQuery);
  const [inviting, setInviting] = useState(false);
  const invitations = data?.pages.flatMap((page) => page.items);
  const invite = <Button kind="primary" onClick={() => setInviting(true)}><UserPlus size={16} aria-hidden />{w.invitations.invite}</Button>;
  return (
    <Screen title={w.sections.invitations} hint={w.invitations.hint} action={invite}>
      <select aria-label={w.invitations.which} className={`${controlClass} justify-self-start`} value={status}
        onChange={(event) => void navigate({ search: { status: event.target.value as typeof status }, replace: true })}>
        {INVITATION_STATES.map((state) => <option key={state} value={state}>{state === "all" ? w.invitations.all : w.invitations.status[state]}</option>)}
      </select>
      {error && !data && <Failed error={error} again={refetch} />}
      {!data && !error && <Skeleton className="h-48" />}
      {invitations?.length === 0 && <Empty title={w.invitations.none}>{w.invitations.noneHint}</Empty>}
      {invitations && invitations.length > 0 && (
        <Rows label={w.sections.invitations}>{invitations.map((invitation) => <One key={invitation.id} invitation={invitation} roles={roles} />)}</Rows>
      )}
      {hasNextPage && <div><Button onClick={() => void fetchNextPage()}>{t.common.more}</Button></div>}
      {inviting && <Invite roles={roles} onClose={() => setInviting(false)} />}
    </Screen>
  );
}

function One({ invitation, roles }: { invitation: Invitation; roles: Role[] }) {
  const { find } = usePeople();
  const act = useAct(["invitations"]);
  const role = roles.find((role) => choiceOf(role) === (invitation.role_id ?? invitation.role));
  const path = { params: { path: { id: invitation.id } } };
  const { email, status } = invitation;
  const below = [
    role ? roleName(role) : t.role[invitation.role],
    invitation.invited_by && w.invitations.by(find(invitation.invited_by).name),
    status === "open" && w.invitations.until(showMoment(invitation.expires_at)),
  ].filter(Boolean).join(" · ");
  return (
    <Row title={<>{email}{status !== "open" && <Tag kind={status === "accepted" ? "good" : "plain"}>{w.invitations.status[status]}</Tag>}</>} below={below}>
      {(status === "open" || status === "expired") && (
        <Button aria-label={w.invitations.resendTo(email)} onClick={() => void act(() => ask(api.POST("/api/v1/invitations/{id}/resend", path)), w.invitations.resent(email)).catch(toast.failed)}>{w.invitations.resend}</Button>
      )}
      {status === "open" && (
        <Button kind="danger" aria-label={w.invitations.revokeOf(email)} onClick={() => void act(() => ask(api.DELETE("/api/v1/invitations/{id}", path)), w.invitations.revoked(email)).catch(toast.failed)}>{w.invitations.revoke}</Button>
      )}
    </Row>
  );
}
