import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { Plus } from "lucide-react";
import { useState } from "react";

import { Failed } from "~/features/shell/failed";
import { api, ask, Problem } from "~/lib/api/client";
import { ago } from "~/lib/dates";
import { Button } from "~/ui/button";
import { Dialog } from "~/ui/dialog";
import { Check, Field } from "~/ui/field";
import { Form } from "~/ui/form";
import { Empty, Notice, Skeleton } from "~/ui/notice";

import { Copyable, Row, Rows, Screen, Tag } from "./parts";
import { useAct, webhooksQuery, type Webhook } from "./queries";
import { OneWebhook } from "./webhook";
import { w } from "./words";

const route = getRouteApi("/frame/settings/webhooks");

/** What can be told, by topic; `*` stands for all of it. */
const TOPICS = ["task", "project", "board", "column", "comment", "workspace", "link", "member"] as const;

export function Webhooks() {
  const { webhook } = route.useSearch();
  const navigate = route.useNavigate();
  const { data, error, refetch } = useQuery(webhooksQuery);
  const [creating, setCreating] = useState(false);
  const [secret, setSecret] = useState<string | null>(null);
  const show = (webhook?: string) => void navigate({ search: webhook ? { webhook } : {} });
  const open = data?.find(({ id }) => id === webhook);
  return (
    <Screen title={w.sections.webhooks} hint={w.webhooks.hint} action={<Button kind="primary" onClick={() => setCreating(true)}><Plus size={16} aria-hidden />{w.webhooks.create}</Button>}>
      {error && !data && <Failed error={error} again={refetch} />}
      {!data && !error && <Skeleton className="h-40" />}
      {data?.length === 0 && <Empty title={w.webhooks.none}>{w.webhooks.noneHint}</Empty>}
      {data && data.length > 0 && <Rows label={w.sections.webhooks}>{data.map((webhook) => <One key={webhook.id} webhook={webhook} onOpen={() => show(webhook.id)} />)}</Rows>}
      {creating && <Create onClose={() => setCreating(false)} onCreated={setSecret} />}
      {open && secret === null && <OneWebhook webhook={open} onClose={() => show()} onSecret={setSecret} />}
      {secret !== null && <Secret secret={secret} onClose={() => setSecret(null)} />}
    </Screen>
  );
}

function One({ webhook, onOpen }: { webhook: Webhook; onOpen: () => void }) {
  const state = webhook.disabled_reason ? w.webhooks.reasons[webhook.disabled_reason] : webhook.enabled ? null : w.webhooks.off;
  const below = [webhook.description, webhook.events.join(", "), webhook.last_success_at ? w.webhooks.succeeded(ago(webhook.last_success_at)) : w.webhooks.never].filter(Boolean).join(" · ");
  return (
    <Row title={<>{webhook.url}{state && <Tag kind={webhook.disabled_reason ? "bad" : "plain"}>{state}</Tag>}</>} below={below}>
      <Button aria-label={w.webhooks.openOf(webhook.url)} onClick={onOpen}>{w.webhooks.open}</Button>
    </Row>
  );
}

function Create({ onClose, onCreated }: { onClose: () => void; onCreated: (secret: string) => void }) {
  const act = useAct(["webhooks"]);
  const create = (values: Record<string, string>) => act(async () => {
    const events = values["all"] === "on" ? ["*"] : TOPICS.filter((topic) => values[topic] === "on").map((topic) => `${topic}.*`);
    if (events.length === 0) throw new Problem(422, "", w.webhooks.missing);
    const { secret } = await ask(api.POST("/api/v1/webhooks", { body: { url: values["url"] ?? "", description: values["description"] ?? "", events } }));
    onClose();
    onCreated(secret);
  });
  return (
    <Dialog title={w.webhooks.create} onClose={onClose}>
      <Form action={w.webhooks.create} send={create}>
        {(errors) => (
          <>
            <Field label={w.webhooks.url} hint={w.webhooks.urlHint} name="url" type="url" required placeholder="https://" error={errors.get("url")}
              // The dialog is opened to type here.
              // eslint-disable-next-line jsx-a11y/no-autofocus
              autoFocus />
            <Field label={w.webhooks.description} name="description" maxLength={200} error={errors.get("description")} />
            <fieldset className="grid gap-1">
              <legend className="pb-1 text-sm font-medium">{w.webhooks.events}</legend>
              <Check label={w.webhooks.everything} name="all" />
              <div className="grid grid-cols-2 gap-1">{TOPICS.map((topic) => <Check key={topic} label={w.webhooks.topics[topic]} name={topic} />)}</div>
            </fieldset>
          </>
        )}
      </Form>
    </Dialog>
  );
}

function Secret({ secret, onClose }: { secret: string; onClose: () => void }) {
  return (
    <Dialog title={w.webhooks.secret} onClose={onClose} firm>
      <div className="grid gap-4">
        <Notice kind="warn">{w.webhooks.secretHint}</Notice>
        <Copyable text={secret} label={w.webhooks.secret} />
        <Button kind="primary" className="justify-self-end" onClick={onClose}>{w.tokens.done}</Button>
      </div>
    </Dialog>
  );
}
