import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { Failed } from "~/features/shell/failed";
import { api, ask } from "~/lib/api/client";
import { Button } from "~/ui/button";
import { Field } from "~/ui/field";
import { Form } from "~/ui/form";
import { Notice, Skeleton } from "~/ui/notice";

import { Accounts } from "./accounts";
import { AuthenticatorApp } from "./authenticator-app";
import { Block, Screen } from "./parts";
import { Passkeys } from "./passkeys";
import { Codes, Prove } from "./prove";
import { factorsQuery, profileQuery, useAct } from "./queries";
import { w } from "./words";

export function Security() {
  const factors = useQuery(factorsQuery);
  const { data: profile } = useQuery(profileQuery);
  const [codes, setCodes] = useState<string[]>([]);
  return (
    <Screen title={w.sections.security} hint={w.security.hint}>
      {profile && <Password has={profile.has_password} />}
      {factors.error && !factors.data && <Failed error={factors.error} again={factors.refetch} />}
      {!factors.data && !factors.error && <Skeleton className="h-64" />}
      {factors.data && (
        <>
          {factors.data.required_by.length > 0 && <Notice kind="calm">{w.security.required(factors.data.required_by.join(", "))}</Notice>}
          <AuthenticatorApp since={factors.data.totp_since ?? null} onCodes={setCodes} />
          <Passkeys onCodes={setCodes} />
          {(factors.data.totp_since || factors.data.passkeys > 0) && <RecoveryCodes left={factors.data.recovery_codes} onCodes={setCodes} />}
        </>
      )}
      <Accounts />
      {codes.length > 0 && <Codes codes={codes} onClose={() => setCodes([])} />}
    </Screen>
  );
}

function Password({ has }: { has: boolean }) {
  const act = useAct(["sessions"]);
  const [changes, setChanges] = useState(0);
  if (!has) return <Block title={w.security.password} hint={w.security.noPassword} />;
  return (
    <Block title={w.security.password}>
      <Form key={changes} action={w.security.change} send={({ current = "", next = "" }) => act(async () => {
        await ask(api.PUT("/api/v1/auth/password", { body: { current_password: current, new_password: next } }));
        setChanges(changes + 1);
      }, w.security.changed)}>
        {(errors) => (
          <div className="grid gap-4 sm:grid-cols-2">
            <Field label={w.security.current} name="current" type="password" autoComplete="current-password" required maxLength={128} error={errors.get("current_password")} />
            <Field label={w.security.next} name="next" type="password" autoComplete="new-password" required minLength={10} maxLength={128} hint={w.security.nextHint} error={errors.get("new_password")} />
          </div>
        )}
      </Form>
    </Block>
  );
}

function RecoveryCodes({ left, onCodes }: { left: number; onCodes: (codes: string[]) => void }) {
  const [asked, setAsked] = useState(false);
  const act = useAct(["factors"]);
  return (
    <Block title={w.security.codes} hint={`${w.security.codesHint} ${w.security.codesLeft(left)}`} action={<Button onClick={() => setAsked(true)}>{w.security.newCodes}</Button>}>
      {asked && (
        <Prove title={w.security.newCodes} action={w.security.newCodes} onClose={() => setAsked(false)} send={(proof) => act(async () => {
          const { recovery_codes } = await ask(api.POST("/api/v1/auth/recovery-codes", { body: proof }));
          setAsked(false);
          onCodes(recovery_codes);
        })} />
      )}
    </Block>
  );
}
