// Links that show one thing to people without an account.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Copy, QrCode } from "lucide-react";
import { useState } from "react";

import { api, ask, whole, type Schemas } from "~/lib/api/client";
import { plusDays, showMoment, today } from "~/lib/dates";
import { t } from "~/lib/i18n";
import { Button, IconButton } from "~/ui/button";
import { Dialog } from "~/ui/dialog";
import { Check, Field, SelectField } from "~/ui/field";
import { Form } from "~/ui/form";
import { Notice } from "~/ui/notice";
import { toast } from "~/ui/toasts";

type Link = Schemas["LinkBody"];
type Props = { resource: { kind: "task" | "board" | "project"; id: string }; onClose: () => void };

export function Share({ resource, onClose }: Props) {
  const cache = useQueryClient();
  const named = `${resource.kind}:${resource.id}`;
  const key = ["links", named];
  const { data: links = [] } = useQuery({
    queryKey: key,
    queryFn: ({ signal }) => whole((cursor) => ask(api.GET("/api/v1/links", { params: { query: { resource: named, limit: 200, ...(cursor && { cursor }) } }, signal }))),
  });
  const live = links.filter((link) => link.status !== "revoked");
  const again = () => cache.invalidateQueries({ queryKey: key });
  return (
    <Dialog title={t.share.title} onClose={onClose}>
      <p className="mb-4 text-ink-2">{t.share.hint}</p>
      {live.length > 0 && <ul className="mb-5 grid gap-2">{live.map((link) => <li key={link.id}><Shared link={link} onChange={() => void again()} /></li>)}</ul>}
      <Form action={t.share.create} send={async ({ password, days, opens, comments, people }) => {
        const expires_at = days ? new Date(`${plusDays(today(), Number(days))}T23:59:59`).toISOString() : null;
        await ask(api.POST("/api/v1/links", { body: {
          resource,
          expires_at,
          password: password || null,
          max_opens: opens ? Number(opens) : null,
          shows: { comments: comments === "on", people: people === "on" },
        } }));
        await again();
      }}>
        {(errors) => (
          <>
            <div className="grid gap-4 sm:grid-cols-2">
              <Field label={t.share.password} name="password" type="password" autoComplete="new-password" minLength={8} maxLength={128} hint={t.share.passwordHint} error={errors.get("password")} />
              <SelectField label={t.share.expires} name="days" defaultValue="7">
                {[1, 7, 30, 90].map((days) => <option key={days} value={days}>{t.share.days(days)}</option>)}
                <option value="">{t.share.never}</option>
              </SelectField>
              <Field label={t.share.opens} name="opens" type="number" min={1} hint={t.share.opensHint} error={errors.get("max_opens")} />
            </div>
            <div className="flex flex-wrap gap-x-6 gap-y-1"><Check label={t.share.comments} name="comments" /><Check label={t.share.people} name="people" /></div>
          </>
        )}
      </Form>
    </Dialog>
  );
}

function Shared({ link, onChange }: { link: Link; onChange: () => void }) {
  const [qr, setQr] = useState(false);
  const { mutate } = useMutation({ mutationFn: (change: () => Promise<unknown>) => change(), onError: toast.failed, onSuccess: onChange });
  const params = { params: { path: { id: link.id } } };
  const live = link.status === "live" || link.status === "scheduled";
  return (
    <div className="rounded-xl border border-line p-3">
      <div className="flex items-center gap-1">
        <code className="min-w-0 flex-1 truncate text-sm select-all">{link.url}</code>
        <IconButton label={t.share.copy} onClick={() => void navigator.clipboard.writeText(link.url).then(() => toast.say(t.task.linkCopied))}><Copy size={15} /></IconButton>
        <IconButton label={t.share.qr} aria-expanded={qr} onClick={() => setQr(!qr)}><QrCode size={15} /></IconButton>
      </div>
      <p className="mt-1 text-sm text-ink-2">
        {[t.share.status[link.status], t.share.opened(link.opens), link.has_password && t.share.withPassword, link.expires_at && t.share.until(showMoment(link.expires_at))].filter(Boolean).join(" · ")}
      </p>
      {link.failed_attempts > 0 && <div className="mt-2"><Notice kind="warn">{t.share.guessed(link.failed_attempts)}</Notice></div>}
      {qr && <img src={`/api/v1/links/${link.id}/qr?format=svg`} alt={t.share.qr} className="mx-auto my-3 size-44 rounded-lg bg-white p-2" />}
      <div className="mt-2 flex gap-2">
        {(live || link.status === "paused") && (
          <Button onClick={() => mutate(() => ask(api.PATCH("/api/v1/links/{id}", { ...params, body: { paused: live } })))}>{live ? t.share.pause : t.share.resume}</Button>
        )}
        <Button onClick={() => mutate(() => ask(api.POST("/api/v1/links/{id}/rotate", params)))}>{t.share.rotate}</Button>
        <Button kind="danger" onClick={() => mutate(() => ask(api.DELETE("/api/v1/links/{id}", params)))}>{t.share.revoke}</Button>
      </div>
    </div>
  );
}
