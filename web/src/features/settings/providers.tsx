import { useQuery } from "@tanstack/react-query";
import { Plus } from "lucide-react";
import { useState } from "react";

import { useMay } from "~/features/session/queries";
import { Failed } from "~/features/shell/failed";
import { api, ask, type Schemas } from "~/lib/api/client";
import { Button } from "~/ui/button";
import { Dialog } from "~/ui/dialog";
import { Field } from "~/ui/field";
import { Form } from "~/ui/form";
import { Empty, Skeleton } from "~/ui/notice";
import { toast } from "~/ui/toasts";

import { Block, Confirm, Copyable, Screen, Tag } from "./parts";
import { identityProvidersQuery, useAct } from "./queries";
import { w } from "./words";

/** The organization's own identity providers. */
export function Providers() {
  const { data, error, refetch } = useQuery(identityProvidersQuery);
  const [creating, setCreating] = useState(false);
  const mayChange = useMay("organization:manage");
  const create = mayChange && <Button kind="primary" onClick={() => setCreating(true)}><Plus size={16} aria-hidden />{w.providers.create}</Button>;
  return (
    <Screen title={w.sections.providers} hint={w.providers.hint} action={create}>
      {error && !data && <Failed error={error} again={refetch} />}
      {!data && !error && <Skeleton className="h-48" />}
      {data?.length === 0 && <Empty title={w.providers.none}>{w.providers.noneHint}</Empty>}
      {data?.map((provider) => <One key={provider.id} provider={provider} mayChange={mayChange} />)}
      {creating && <Create onClose={() => setCreating(false)} />}
    </Screen>
  );
}

function One({ provider, mayChange }: { provider: Schemas["IdentityProvider"]; mayChange: boolean }) {
  const [asked, setAsked] = useState(false);
  const act = useAct(["identity-providers"], ["providers"]);
  const path = { path: { id: provider.id } };
  const turn = () => act(() => ask(api.PATCH("/api/v1/organization/identity-providers/{id}", { params: path, body: { active: !provider.active } })), w.saved);
  return (
    <Block title={provider.name} hint={<>{provider.issuer}<Tag kind={provider.active ? "good" : "plain"}>{provider.active ? w.providers.active : w.providers.inactive}</Tag></>}
      action={mayChange && (
        <div className="flex gap-1.5">
          <Button onClick={() => void turn().catch(toast.failed)}>{provider.active ? w.providers.switchOff : w.providers.switchOn}</Button>
          <Button kind="danger" aria-label={w.providers.remove(provider.name)} onClick={() => setAsked(true)}>{w.providers.removeNow}</Button>
        </div>
      )}>
      <div className="grid gap-1">
        <h3 className="text-sm font-medium">{w.providers.redirect}</h3>
        <Copyable text={provider.redirect_uri} label={w.providers.redirect} />
      </div>
      {asked && (
        <Confirm title={w.providers.removeTitle(provider.name)} action={w.providers.removeNow} onClose={() => setAsked(false)}
          onConfirm={() => act(() => ask(api.DELETE("/api/v1/organization/identity-providers/{id}", { params: path })), w.providers.removed(provider.name))}>
          <p>{w.providers.removeHint}</p>
        </Confirm>
      )}
    </Block>
  );
}

function Create({ onClose }: { onClose: () => void }) {
  const act = useAct(["identity-providers"], ["providers"]);
  return (
    <Dialog title={w.providers.create} onClose={onClose}>
      <Form action={w.providers.create} send={({ name = "", issuer = "", client_id = "", client_secret = "" }) => act(async () => {
        await ask(api.POST("/api/v1/organization/identity-providers", { body: { name, issuer, client_id, client_secret } }));
        onClose();
      })}>
        {(errors) => (
          <>
            <Field label={w.providers.name} hint={w.providers.nameHint} name="name" required maxLength={100} error={errors.get("name")} />
            <Field label={w.providers.issuer} hint={w.providers.issuerHint} name="issuer" type="url" required error={errors.get("issuer")} />
            <Field label={w.providers.client} name="client_id" required autoComplete="off" error={errors.get("client_id")} />
            <Field label={w.providers.secret} name="client_secret" type="password" required autoComplete="off" error={errors.get("client_secret")} />
          </>
        )}
      </Form>
    </Dialog>
  );
}
