import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { api, ask } from "~/lib/api/client";
import { showDay, today } from "~/lib/dates";
import { Button } from "~/ui/button";
import { toast } from "~/ui/toasts";

import { Block, Row, Rows } from "./parts";
import { Prove } from "./prove";
import { identitiesQuery, offeredQuery, useAct } from "./queries";
import { w } from "./words";

/** Accounts at providers that open this one; nothing where no provider is offered and none is linked. */
export function Accounts() {
  const { data: linked = [] } = useQuery(identitiesQuery);
  const { data: offered = [] } = useQuery(offeredQuery);
  const [linking, setLinking] = useState<{ provider: string; name: string } | null>(null);
  const act = useAct(["identities"]);
  const open = offered.filter((one) => !linked.some((identity) => identity.provider === one.provider));
  if (linked.length + open.length === 0) return null;
  const unlink = (provider: string, name: string) =>
    act(() => ask(api.DELETE("/api/v1/auth/identities/{provider}", { params: { path: { provider } } })), w.security.unlinked(name)).catch(toast.failed);
  return (
    <Block title={w.security.accounts} hint={w.security.accountsHint}>
      <Rows label={w.security.accounts} inset>
        {linked.map((identity) => (
          <Row key={identity.provider} title={identity.name} below={w.security.linked(showDay(today(new Date(identity.linked_at))))}>
            <Button kind="danger" onClick={() => void unlink(identity.provider, identity.name)}>{w.security.unlink(identity.name)}</Button>
          </Row>
        ))}
        {open.map((one) => <Row key={one.provider} title={one.name}><Button onClick={() => setLinking(one)}>{w.security.link(one.name)}</Button></Row>)}
      </Rows>
      {linking && (
        <Prove title={w.security.link(linking.name)} action={w.security.go} onClose={() => setLinking(null)} send={async (proof) => {
          const { authorization_url } = await ask(api.POST("/api/v1/auth/oauth/{provider}/link", { params: { path: { provider: linking.provider } }, body: proof }));
          location.assign(authorization_url);
        }} />
      )}
    </Block>
  );
}
