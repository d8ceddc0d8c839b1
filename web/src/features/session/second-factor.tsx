// The second step of a sign-in, and setting a second factor up where the organization demands one.
import { useQuery } from "@tanstack/react-query";

import { api, ask, type Schemas } from "~/lib/api/client";
import { t } from "~/lib/i18n";
import { Field } from "~/ui/field";
import { Form } from "~/ui/form";
import { Notice, Skeleton } from "~/ui/notice";

export type Demand = Pick<Schemas["SecondFactorDemand"], "challenge" | "enroll">;

export function SecondFactor({ demand, onDone }: { demand: Demand; onDone: () => void }) {
  return (
    <>
      {demand.enroll ? <Enrolment challenge={demand.challenge} /> : <p className="mb-4 text-ink-2">{t.session.codeHint}</p>}
      <Form
        action={t.session.signIn}
        send={async ({ code = "" }) => {
          const way = /^\d{6}$/.test(code.replace(/\s/g, "")) ? { code } : { recovery_code: code };
          await ask(api.POST("/api/v1/auth/second-factor", { body: { challenge: demand.challenge, ...way } }));
          onDone();
        }}
      >
        {(errors) => (
          // The field is the only one, and what the person came here for.
          // eslint-disable-next-line jsx-a11y/no-autofocus
          <Field label={t.session.code} name="code" autoComplete="one-time-code" autoFocus required error={errors.get("code")} />
        )}
      </Form>
    </>
  );
}

function Enrolment({ challenge }: { challenge: string }) {
  const { data, error } = useQuery({
    queryKey: ["enrolment", challenge],
    queryFn: () => ask(api.POST("/api/v1/auth/second-factor/enroll", { body: { challenge } })),
    staleTime: Infinity,
    retry: false,
  });
  if (error) return <Notice kind="danger">{error.message}</Notice>;
  if (!data) return <Skeleton className="mb-4 h-64" />;
  return (
    <div className="mb-4 grid gap-3">
      <p>{t.session.enrolHint}</p>
      <img alt={t.session.qrCode} className="mx-auto size-44 rounded-lg bg-white p-2" src={`data:image/svg+xml,${encodeURIComponent(data.totp.qr_svg)}`} />
      <p className="text-sm text-ink-2">{t.session.enrolSecret} <code className="break-all select-all">{data.totp.secret}</code></p>
      <details className="rounded-lg bg-sunken px-3 py-2">
        <summary>{t.session.recoveryCodes}</summary>
        <ul className="mt-2 grid grid-cols-2 gap-1 font-mono text-xs">
          {data.recovery_codes.map((code) => <li key={code}>{code}</li>)}
        </ul>
      </details>
    </div>
  );
}
