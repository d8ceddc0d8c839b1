import { useQuery } from "@tanstack/react-query";
import { KeyRound } from "lucide-react";
import { useState } from "react";

import { createPasskey, passkeysWork } from "~/features/session/passkey";
import { Failed } from "~/features/shell/failed";
import { api, ask, Problem, type Schemas } from "~/lib/api/client";
import { ago, showDay, today } from "~/lib/dates";
import { Button } from "~/ui/button";
import { Field } from "~/ui/field";
import { Skeleton } from "~/ui/notice";

import { Block, Row, Rows } from "./parts";
import { Prove } from "./prove";
import { passkeysQuery, useAct } from "./queries";
import { w } from "./words";

type Passkey = Schemas["Passkey"];

export function Passkeys({ onCodes }: { onCodes: (codes: string[]) => void }) {
  const { data, error, refetch } = useQuery(passkeysQuery);
  const [asked, setAsked] = useState<Passkey | "new" | null>(null);
  const act = useAct(["passkeys"], ["factors"]);
  const close = () => setAsked(null);
  const add = (proof: Schemas["Confirmation"], name: string) => act(async () => {
    const added = await createPasskey(proof, name);
    if (!added) throw new Problem(0, "", w.security.passkeyRefused);
    close();
    onCodes(added.recovery_codes);
  }, w.security.passkeyAdded(name));
  return (
    <Block title={w.security.passkeys} hint={passkeysWork() ? w.security.passkeysHint : w.security.noPasskeys}
      action={passkeysWork() && <Button onClick={() => setAsked("new")}>{w.security.addPasskey}</Button>}>
      {error && !data && <Failed error={error} again={refetch} />}
      {!data && !error && <Skeleton className="h-12" />}
      {data?.length === 0 && <p className="text-ink-2">{w.security.passkeysNone}</p>}
      {data && data.length > 0 && (
        <Rows label={w.security.passkeys} inset>
          {data.map((passkey) => (
            <Row key={passkey.id} sign={<KeyRound size={16} aria-hidden className="text-ink-2" />} title={passkey.name}
              below={[w.security.added(showDay(today(new Date(passkey.created_at)))), passkey.last_used_at && w.sessions.used(ago(passkey.last_used_at))].filter(Boolean).join(" · ")}>
              <Button kind="danger" aria-label={w.security.removePasskey(passkey.name)} onClick={() => setAsked(passkey)}>{w.security.remove}</Button>
            </Row>
          ))}
        </Rows>
      )}
      {asked === "new" && (
        <Prove title={w.security.addPasskey} action={w.security.go} onClose={close} send={(proof, { name = "" }) => add(proof, name)}>
          <Field label={w.security.passkeyName} hint={w.security.passkeyNameHint} name="name" required maxLength={100} />
        </Prove>
      )}
      {asked !== null && asked !== "new" && (
        <Prove title={w.security.removePasskey(asked.name)} action={w.security.remove} onClose={close} send={(proof) => act(async () => {
          await ask(api.DELETE("/api/v1/auth/passkeys/{id}", { params: { path: { id: asked.id } }, body: proof }));
          close();
        }, w.security.passkeyRemoved(asked.name))} />
      )}
    </Block>
  );
}
