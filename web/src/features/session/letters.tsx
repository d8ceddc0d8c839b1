// What the links in mails open. Their token stands behind the `#`, so that no server logs it; nothing is sent before a
// button is pressed, since programs that look into mails open links too.
import { useQuery } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";

import { api, ask, hasSession, Problem, type Schemas } from "~/lib/api/client";
import { t } from "~/lib/i18n";
import { Field } from "~/ui/field";
import { Form } from "~/ui/form";
import { Notice, Skeleton } from "~/ui/notice";

import { Doorway, linkClass } from "./doorway";
import { SecondFactor, type Demand } from "./second-factor";

const token = (): string => new URLSearchParams(location.hash.slice(1)).get("token") ?? "";

const toSignIn = () => <a className={linkClass} href="/login">{t.session.toSignIn}</a>;

/** A page that ends with a text, or goes on. */
function Letter({ title, hint, action, fields, send, after = toSignIn }: {
  title: string;
  hint?: string;
  action: string;
  fields?: (errors: ReadonlyMap<string, string>) => ReactNode;
  /** Answers the text that the page ends with; none when it leads on by itself. */
  send: (values: Record<string, string>) => Promise<string | null>;
  after?: () => ReactNode;
}) {
  const [done, setDone] = useState<string | null>(null);
  if (done !== null) {
    return <Doorway title={title} below={after()}><Notice kind="calm">{done}</Notice></Doorway>;
  }
  return (
    <Doorway title={title}>
      {hint && <p className="mb-4 text-ink-2">{hint}</p>}
      <Form action={action} send={async (values) => setDone(await send(values))}>{(errors) => fields?.(errors)}</Form>
    </Doorway>
  );
}

function newPassword(errors: ReadonlyMap<string, string>, known = false) {
  return (
    <Field label={t.session.password} name="password" type="password" required minLength={known ? 1 : 10} maxLength={128}
      autoComplete={known ? "current-password" : "new-password"} error={errors.get("password")} hint={known ? undefined : t.session.passwordHint} />
  );
}

/** Without a token it asks for the mail that brings one. */
export function ResetPassword() {
  const given = token();
  const check = useQuery({
    queryKey: ["reset-token", given],
    queryFn: () => ask(api.POST("/api/v1/auth/validate-forgot-password-token", { body: { token: given } })).then(() => true),
    enabled: given !== "",
    retry: false,
    staleTime: Infinity,
  });
  if (given === "") return <Forgotten />;
  if (check.error) {
    return (
      <Doorway title={t.session.newPassword} below={<a className={linkClass} href="/reset-password" onClick={() => setTimeout(() => location.reload())}>{t.session.anotherLink}</a>}>
        <Notice kind="danger">{t.session.linkDead}</Notice>
      </Doorway>
    );
  }
  if (!check.data) return <Doorway title={t.session.newPassword}><Skeleton className="h-24" /></Doorway>;
  return (
    <Letter title={t.session.newPassword} hint={t.session.newPasswordHint} action={t.session.changePassword}
      fields={(errors) => newPassword(errors)}
      send={async ({ password = "" }) => {
        await ask(api.POST("/api/v1/auth/reset-password", { body: { token: given, password } }));
        return t.session.passwordChanged;
      }} />
  );
}

function Forgotten() {
  return (
    <Letter title={t.session.forgotten} hint={t.session.forgottenHint} action={t.session.sendLink}
      fields={(errors) => <Field label={t.session.email} name="email" type="email" autoComplete="username" required error={errors.get("email")} />}
      send={async ({ email = "" }) => {
        await ask(api.POST("/api/v1/auth/forgot-password", { body: { email } }));
        return t.session.linkSent;
      }} />
  );
}

export function ConfirmRegistration() {
  const [demand, setDemand] = useState<Demand | null>(null);
  if (demand) return <Demanded demand={demand} />;
  return (
    <Letter title={t.session.join} hint={t.session.joinHint} action={t.session.join} fields={(errors) => newPassword(errors)}
      send={async ({ password = "" }) => {
        const answer: Entered = await ask(api.POST("/api/v1/auth/register/confirm", { body: { token: token(), password } }));
        return entered(answer, setDemand);
      }} />
  );
}

export function ConfirmEmail() {
  return (
    <Letter title={t.session.changeEmail} hint={t.session.changeEmailHint} action={t.session.agree}
      send={async () => {
        const { changed } = await ask(api.POST("/api/v1/auth/confirm-email", { body: { token: token() } }));
        return changed ? t.session.emailChanged : t.session.emailAgreed;
      }} />
  );
}

export function VerifyEmail() {
  if (!hasSession()) {
    const back = `${location.pathname}${location.hash}`;
    return (
      <Doorway title={t.session.verifyEmail} below={<a className={linkClass} href={`/login?next=${encodeURIComponent(back)}`}>{t.session.toSignIn}</a>}>
        <Notice kind="calm">{t.session.verifySignIn}</Notice>
      </Doorway>
    );
  }
  return (
    <Letter title={t.session.verifyEmail} hint={t.session.verifyHint} action={t.session.verify}
      after={() => <a className={linkClass} href="/">{t.session.toWork}</a>}
      send={async () => {
        await ask(api.POST("/api/v1/auth/verify-email-token", { body: { token: token() } }));
        return t.session.verified;
      }} />
  );
}

export function AcceptInvitation() {
  const given = token();
  const [demand, setDemand] = useState<Demand | null>(null);
  const { data, error } = useQuery({
    queryKey: ["invitation", given],
    queryFn: () => ask(api.POST("/api/v1/invitations/preview", { body: { token: given } })),
    retry: false,
    staleTime: Infinity,
  });
  if (demand) return <Demanded demand={demand} />;
  if (error) return <Doorway title={t.session.invitation} below={toSignIn()}><Notice kind="danger">{deadInvitation(error)}</Notice></Doorway>;
  if (!data) return <Doorway title={t.session.invitation}><Skeleton className="h-40" /></Doorway>;
  const role = data.custom_role?.name ?? t.role[data.role];
  return (
    <Letter title={t.session.joinOrganization(data.organization)} hint={t.session.invitedAs(role, data.email)} action={t.session.join}
      fields={(errors) => (
        <>
          {!data.has_account && <Field label={t.session.yourName} name="name" autoComplete="name" required maxLength={100} error={errors.get("name")} />}
          {newPassword(errors, data.has_account)}
        </>
      )}
      send={async ({ name, password = "" }) => {
        const body = { token: given, password, ...(name && { name }) };
        return entered(await ask(api.POST("/api/v1/invitations/accept", { body })), setDemand);
      }} />
  );
}

type Entered = Schemas["Session"] | Schemas["SecondFactorDemand"];

/** Goes to work, or on to the second factor. */
function entered(answer: Entered, onDemand: (demand: Demand) => void): null {
  if ("challenge" in answer) onDemand(answer);
  else location.replace("/");
  return null;
}

function Demanded({ demand }: { demand: Demand }) {
  return (
    <Doorway title={t.session.secondFactor}>
      <SecondFactor demand={demand} onDone={() => location.replace("/")} />
    </Doorway>
  );
}

function deadInvitation(error: Error): string {
  return error instanceof Problem && (error.status === 404 || error.status === 422) ? t.session.invitationDead : error.message;
}
