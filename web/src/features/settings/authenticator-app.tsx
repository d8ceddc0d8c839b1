import { useState } from "react";

import { api, ask, type Schemas } from "~/lib/api/client";
import { showDay, today } from "~/lib/dates";
import { Button } from "~/ui/button";
import { Dialog } from "~/ui/dialog";
import { Field } from "~/ui/field";
import { Form } from "~/ui/form";

import { Block } from "./parts";
import { Prove } from "./prove";
import { useAct } from "./queries";
import { w } from "./words";

type Step = "prove" | "remove" | { secret: Schemas["TotpSecret"] } | null;

/** Codes from a phone: set up in two steps, the second of which shows that the app has the key. */
export function AuthenticatorApp({ since, onCodes }: { since: string | null; onCodes: (codes: string[]) => void }) {
  const [step, setStep] = useState<Step>(null);
  const act = useAct(["factors"]);
  const close = () => setStep(null);
  return (
    <Block title={w.security.app} hint={`${w.security.appHint} ${since ? w.security.appSince(showDay(today(new Date(since)))) : w.security.appNone}`}
      action={since ? <Button kind="danger" onClick={() => setStep("remove")}>{w.security.remove}</Button> : <Button onClick={() => setStep("prove")}>{w.security.setUp}</Button>}>
      {step === "prove" && (
        <Prove title={w.security.prove} action={w.security.go} onClose={close}
          send={async (proof) => setStep({ secret: await ask(api.POST("/api/v1/auth/totp", { body: proof })) })} />
      )}
      {step === "remove" && (
        <Prove title={w.security.removeApp} action={w.security.remove} onClose={close} send={(proof) => act(async () => {
          await ask(api.DELETE("/api/v1/auth/totp", { body: proof }));
          close();
        }, w.security.appRemoved)} />
      )}
      {step !== null && typeof step === "object" && (
        <Dialog title={w.security.app} onClose={close}>
          <Form action={w.security.finish} send={({ code = "" }) => act(async () => {
            const { recovery_codes } = await ask(api.POST("/api/v1/auth/totp/confirm", { body: { code: code.replace(/\s/g, "") } }));
            close();
            onCodes(recovery_codes);
          })}>
            {(errors) => (
              <>
                <p>{w.security.scan}</p>
                <img alt={w.security.qr} className="mx-auto size-48 rounded-lg bg-white p-2" src={`data:image/svg+xml,${encodeURIComponent(step.secret.qr_svg)}`} />
                <p className="text-sm text-ink-2">{w.security.secret} <code className="break-all select-all">{step.secret.secret}</code></p>
                <Field label={w.security.code} name="code" autoComplete="one-time-code" inputMode="numeric" required error={errors.get("code")} />
              </>
            )}
          </Form>
        </Dialog>
      )}
    </Block>
  );
}
