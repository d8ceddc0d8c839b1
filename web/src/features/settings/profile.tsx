import { useQuery } from "@tanstack/react-query";
import { useState, type ChangeEvent } from "react";

import { Failed } from "~/features/shell/failed";
import { api, ask, type Schemas } from "~/lib/api/client";
import { LANGUAGES } from "~/lib/i18n";
import { Avatar } from "~/ui/avatar";
import { Button } from "~/ui/button";
import { Dialog } from "~/ui/dialog";
import { Field, inputClass, SelectField } from "~/ui/field";
import { Form } from "~/ui/form";
import { Notice, Skeleton } from "~/ui/notice";
import { toast } from "~/ui/toasts";

import { Block, Screen, Tag } from "./parts";
import { ifMatch, profileQuery, useAct } from "./queries";
import { w } from "./words";

type Mine = Schemas["Profile"];

/** As the server takes it. */
const MOST_BYTES = 1 << 20;

export function Profile() {
  const { data, error, refetch } = useQuery(profileQuery);
  return (
    <Screen title={w.sections.profile} hint={w.profile.hint}>
      {error && !data && <Failed error={error} again={refetch} />}
      {!data && !error && <Skeleton className="h-96" />}
      {data && <><About key={data.version} profile={data} /><Email profile={data} /></>}
    </Screen>
  );
}

function About({ profile }: { profile: Mine }) {
  const act = useAct(["profile"], ["me"], ["people"], ["members"]);
  const save = ({ name = "", bio, timezone, locale }: Record<string, string>) => act(() => ask(api.PATCH("/api/v1/auth/profile", {
    params: ifMatch(profile.version),
    body: { name, bio: bio || null, timezone: timezone || null, locale: locale || null },
  })), w.saved);
  return (
    <Block title={w.sections.profile}>
      <Picture profile={profile} />
      <Form action={w.organization.save} send={save}>
        {(errors) => (
          <>
            <Field label={w.profile.name} name="name" autoComplete="name" defaultValue={profile.name} required maxLength={200} error={errors.get("name")} />
            <div className="grid gap-1">
              <label htmlFor="profile-bio" className="text-sm font-medium">{w.profile.bio}</label>
              <textarea id="profile-bio" name="bio" rows={3} maxLength={2000} defaultValue={profile.bio ?? ""} className={inputClass} />
            </div>
            <div className="grid gap-4 sm:grid-cols-2">
              <SelectField label={w.profile.zone} name="timezone" defaultValue={profile.timezone ?? ""}>
                <option value="">{w.profile.zoneNone}</option>
                {zones(profile.timezone).map((zone) => <option key={zone} value={zone}>{zone.replaceAll("_", " ")}</option>)}
              </SelectField>
              <SelectField label={w.profile.locale} name="locale" defaultValue={profile.locale ?? ""}>
                <option value="">{w.profile.localeNone}</option>
                {locales(profile.locale).map(([code, name]) => <option key={code} value={code}>{name}</option>)}
              </SelectField>
            </div>
          </>
        )}
      </Form>
    </Block>
  );
}

/** Names that browsers know; the present one among them, whoever set it. */
function zones(present: string | null | undefined): string[] {
  const known = Intl.supportedValuesOf("timeZone");
  return present && !known.includes(present) ? [present, ...known] : known;
}

function locales(present: string | null | undefined): [string, string][] {
  const known: [string, string][] = Object.entries(LANGUAGES);
  return present && !known.some(([code]) => code === present) ? [...known, [present, present]] : known;
}

function Picture({ profile }: { profile: Mine }) {
  const act = useAct(["profile"], ["people"], ["members"], ["me"]);
  const choose = async ({ target }: ChangeEvent<HTMLInputElement>) => {
    const file = target.files?.[0];
    target.value = "";
    if (!file) return;
    if (file.size > MOST_BYTES) toast.say(w.profile.tooLarge);
    else await act(() => ask(api.PUT("/api/v1/auth/avatar", { body: file as never, bodySerializer: (body) => body, headers: { "content-type": file.type } })), w.saved).catch(toast.failed);
  };
  return (
    <div className="flex flex-wrap items-center gap-4">
      <Avatar person={profile} size="size-16" />
      <div className="grid gap-1.5">
        <div className="flex flex-wrap gap-2">
          <label className="inline-flex min-h-8 cursor-pointer items-center rounded-lg border border-line bg-surface px-3 py-1 shadow-card hover:border-line-strong focus-within:outline-2 focus-within:outline-offset-2 focus-within:outline-accent">
            {w.profile.choose}
            <input type="file" accept="image/png,image/jpeg,image/webp,image/gif" className="sr-only" onChange={(event) => void choose(event)} />
          </label>
          {profile.avatar_url && <Button kind="quiet" onClick={() => void act(() => ask(api.DELETE("/api/v1/auth/avatar")), w.saved).catch(toast.failed)}>{w.profile.takeAway}</Button>}
        </div>
        <p className="text-sm text-ink-2">{w.profile.pictureHint}</p>
      </div>
    </div>
  );
}

function Email({ profile }: { profile: Mine }) {
  const [changing, setChanging] = useState(false);
  const act = useAct();
  const verify = () => act(() => ask(api.POST("/api/v1/auth/verify-email")), w.profile.verifySent).catch(toast.failed);
  return (
    <Block title={w.profile.email} hint={<>{profile.email}<Tag kind={profile.email_verified ? "good" : "plain"}>{profile.email_verified ? w.profile.verified : w.profile.unverified}</Tag></>}
      action={profile.has_password && <Button onClick={() => setChanging(true)}>{w.profile.changeEmail}</Button>}>
      {!profile.email_verified && <div><Button onClick={() => void verify()}>{w.profile.verify}</Button></div>}
      {changing && (
        <Dialog title={w.profile.changeEmail} onClose={() => setChanging(false)}>
          <Form action={w.profile.send} send={({ email = "", password = "" }) => act(async () => {
            await ask(api.POST("/api/v1/auth/change-email", { body: { email, password } }));
            setChanging(false);
          }, w.profile.emailSent)}>
            {(errors) => (
              <>
                <Notice kind="calm">{w.profile.emailHint}</Notice>
                <Field label={w.profile.newEmail} name="email" type="email" required autoComplete="email" error={errors.get("email")} />
                <Field label={w.profile.password} name="password" type="password" required autoComplete="current-password" error={errors.get("password")} />
              </>
            )}
          </Form>
        </Dialog>
      )}
    </Block>
  );
}
