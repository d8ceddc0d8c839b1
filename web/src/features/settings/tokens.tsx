import { useInfiniteQuery } from "@tanstack/react-query";
import { Plus } from "lucide-react";
import { useState } from "react";

import { useMay, useMe } from "~/features/session/queries";
import { Failed } from "~/features/shell/failed";
import { api, ask } from "~/lib/api/client";
import { ago, showDay, today } from "~/lib/dates";
import { t } from "~/lib/i18n";
import { Button } from "~/ui/button";
import { controlClass } from "~/ui/field";
import { Empty, Skeleton } from "~/ui/notice";

import { NewToken } from "./new-token";
import { Confirm, Row, Rows, Screen } from "./parts";
import { tokensQuery, useAct, type AccessToken } from "./queries";
import { w } from "./words";

export function Tokens() {
  const [all, setAll] = useState(false);
  const mayAll = useMay("security:manage");
  const { data, error, refetch, hasNextPage, fetchNextPage } = useInfiniteQuery(tokensQuery(all));
  const [creating, setCreating] = useState(false);
  const tokens = data?.pages.flatMap((page) => page.items);
  return (
    <Screen title={w.sections.tokens} hint={w.tokens.hint} action={<Button kind="primary" onClick={() => setCreating(true)}><Plus size={16} aria-hidden />{w.tokens.create}</Button>}>
      {mayAll && (
        <select aria-label={w.tokens.whose} className={`${controlClass} justify-self-start`} value={all ? "all" : "mine"} onChange={(event) => setAll(event.target.value === "all")}>
          <option value="mine">{w.tokens.mine}</option>
          <option value="all">{w.tokens.all}</option>
        </select>
      )}
      {error && !data && <Failed error={error} again={refetch} />}
      {!data && !error && <Skeleton className="h-40" />}
      {tokens?.length === 0 && <Empty title={w.tokens.none}>{w.tokens.noneHint}</Empty>}
      {tokens && tokens.length > 0 && <Rows label={w.sections.tokens}>{tokens.map((token) => <One key={token.id} token={token} />)}</Rows>}
      {hasNextPage && <div><Button onClick={() => void fetchNextPage()}>{t.common.more}</Button></div>}
      {creating && <NewToken onClose={() => setCreating(false)} />}
    </Screen>
  );
}

function One({ token }: { token: AccessToken }) {
  const { user } = useMe();
  const [asked, setAsked] = useState(false);
  const act = useAct(["tokens"]);
  const below = [
    token.user_id !== user.id && w.tokens.of(token.user_name),
    `…${token.hint}`,
    w.tokens.until(showDay(today(new Date(token.expires_at)))),
    token.last_used_at ? w.tokens.used(ago(token.last_used_at)) : w.tokens.unused,
    w.roles.permissions(token.scopes.length),
  ].filter(Boolean).join(" · ");
  return (
    <Row title={token.name} below={<span title={token.scopes.join(", ")}>{below}</span>}>
      <Button kind="danger" aria-label={w.tokens.revokeOf(token.name)} onClick={() => setAsked(true)}>{w.tokens.revoke}</Button>
      {asked && (
        <Confirm title={w.tokens.revokeTitle(token.name)} action={w.tokens.revoke} onClose={() => setAsked(false)}
          onConfirm={() => act(() => ask(api.DELETE("/api/v1/tokens/{id}", { params: { path: { id: token.id } } })), w.tokens.revoked(token.name))}>
          <p>{w.tokens.revokeHint}</p>
        </Confirm>
      )}
    </Row>
  );
}
