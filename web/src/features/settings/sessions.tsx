import { useQuery } from "@tanstack/react-query";
import { Monitor, Smartphone } from "lucide-react";
import { useState } from "react";

import { Failed } from "~/features/shell/failed";
import { api, ask, type Schemas } from "~/lib/api/client";
import { ago, showMoment } from "~/lib/dates";
import { Button } from "~/ui/button";
import { Skeleton } from "~/ui/notice";
import { toast } from "~/ui/toasts";

import { Confirm, Row, Rows, Screen, Tag } from "./parts";
import { sessionsQuery, useAct } from "./queries";
import { w } from "./words";

const PHONE = /iphone|ipad|android/i;

export function Sessions() {
  const { data, error, refetch } = useQuery(sessionsQuery);
  const [ending, setEnding] = useState(false);
  const act = useAct(["sessions"]);
  const others = data && data.length > 1;
  return (
    <Screen title={w.sections.sessions} hint={w.sessions.hint} action={others && <Button kind="danger" onClick={() => setEnding(true)}>{w.sessions.others}</Button>}>
      {error && !data && <Failed error={error} again={refetch} />}
      {!data && !error && <Skeleton className="h-40" />}
      {data && <Rows label={w.sections.sessions}>{data.map((session) => <One key={session.id} session={session} />)}</Rows>}
      {others && <p className="text-sm text-ink-2">{w.sessions.unknown}</p>}
      {ending && (
        <Confirm title={w.sessions.othersTitle} action={w.sessions.others} onClose={() => setEnding(false)}
          onConfirm={() => act(() => ask(api.DELETE("/api/v1/auth/sessions")), w.sessions.othersDone)}>
          <p>{w.sessions.othersHint}</p>
        </Confirm>
      )}
    </Screen>
  );
}

function One({ session }: { session: Schemas["SessionView"] }) {
  const act = useAct(["sessions"]);
  const Sign = PHONE.test(session.device) ? Smartphone : Monitor;
  const below = [
    session.address,
    w.sessions.used(ago(session.last_used_at)),
    w.sessions.opened(showMoment(session.created_at)),
    w.sessions.method[session.method],
    session.second_factor && w.sessions.second,
  ].filter(Boolean).join(" · ");
  const end = () => act(() => ask(api.DELETE("/api/v1/auth/sessions/{id}", { params: { path: { id: session.id } } })), w.sessions.ended(session.device));
  return (
    <Row sign={<Sign size={18} aria-hidden className="text-ink-2" />} title={<>{session.device}{session.current && <Tag kind="good">{w.sessions.current}</Tag>}</>} below={below}>
      {!session.current && <Button aria-label={w.sessions.endOf(session.device)} onClick={() => void end().catch(toast.failed)}>{w.sessions.end}</Button>}
    </Row>
  );
}
