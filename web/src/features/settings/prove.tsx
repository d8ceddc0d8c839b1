import { useQuery } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";

import type { Schemas } from "~/lib/api/client";
import { Button } from "~/ui/button";
import { Dialog } from "~/ui/dialog";
import { Field } from "~/ui/field";
import { Form } from "~/ui/form";

import { factorsQuery, profileQuery } from "./queries";
import { w } from "./words";

type Props = {
  title: string;
  action: string;
  /** Does it, with what was given. */
  send: (proof: Schemas["Confirmation"], values: Record<string, string>) => Promise<unknown>;
  onClose: () => void;
  /** More that is asked. */
  children?: ReactNode;
};

const SIX_DIGITS = /^\d{6}$/;

/** A code of the app, or else a recovery code. */
function proofOf({ password, code }: Record<string, string>): Schemas["Confirmation"] {
  if (password) return { password };
  if (!code) return {};
  const bare = code.replace(/\s/g, "");
  return SIX_DIGITS.test(bare) ? { code: bare } : { recovery_code: code.trim() };
}

/** Changes of the ways in ask again who it is: by password where there is one, else by code. */
export function Prove({ title, action, send, onClose, children }: Props) {
  const { data: profile } = useQuery(profileQuery);
  const { data: factors } = useQuery(factorsQuery);
  const [wantsCode, setWantsCode] = useState(false);
  const both = Boolean(profile?.has_password && factors?.totp_since);
  const byCode = factors?.totp_since && (wantsCode || !profile?.has_password);
  return (
    <Dialog title={title} onClose={onClose}>
      <Form action={action} send={(values) => send(proofOf(values), values)}
        aside={both && <Button kind="quiet" onClick={() => setWantsCode(!wantsCode)}>{wantsCode ? w.security.usePassword : w.security.useCode}</Button>}>
        {(errors) => (
          <>
            {children}
            {byCode && <Field label={w.security.byCode} name="code" autoComplete="one-time-code" required error={errors.get("code")} />}
            {!byCode && profile?.has_password && <Field label={w.security.byPassword} name="password" type="password" autoComplete="current-password" required error={errors.get("password")} />}
          </>
        )}
      </Form>
    </Dialog>
  );
}

/** Recovery codes, the one time they are shown. */
export function Codes({ codes, onClose }: { codes: string[]; onClose: () => void }) {
  return (
    <Dialog title={w.security.codesReady} onClose={onClose} firm>
      <div className="grid gap-4">
        <p className="text-ink-2">{w.security.codesHint} {w.security.codesOnce}</p>
        <ul className="grid grid-cols-2 gap-x-4 gap-y-1 rounded-lg bg-sunken p-3 font-mono text-sm">{codes.map((code) => <li key={code}>{code}</li>)}</ul>
        <div className="flex justify-between gap-2">
          <Button onClick={() => void navigator.clipboard.writeText(codes.join("\n"))}>{w.copy}</Button>
          <Button kind="primary" onClick={onClose}>{w.security.haveThem}</Button>
        </div>
      </div>
    </Dialog>
  );
}
