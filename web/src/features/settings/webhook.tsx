// One webhook: switching it, trying it, and what it has sent.
import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";

import { Failed } from "~/features/shell/failed";
import { api, ask } from "~/lib/api/client";
import { ago, showMoment } from "~/lib/dates";
import { t } from "~/lib/i18n";
import { Button } from "~/ui/button";
import { Dialog } from "~/ui/dialog";
import { Skeleton } from "~/ui/notice";
import { toast } from "~/ui/toasts";

import { Confirm, Row, Rows, Tag } from "./parts";
import { deliveriesQuery, useAct, type Webhook } from "./queries";
import { w } from "./words";

export function OneWebhook({ webhook, onClose, onSecret }: { webhook: Webhook; onClose: () => void; onSecret: (secret: string) => void }) {
  const [removing, setRemoving] = useState(false);
  const act = useAct(["webhooks"], ["deliveries", webhook.id]);
  const params = { params: { path: { id: webhook.id } } };
  const turn = () => act(() => ask(api.PATCH("/api/v1/webhooks/{id}", { ...params, body: { enabled: !webhook.enabled } })), w.saved);
  const rotate = () => act(async () => onSecret((await ask(api.POST("/api/v1/webhooks/{id}/rotate-secret", params))).secret));
  if (removing) {
    return (
      <Confirm title={w.webhooks.removeTitle} action={w.webhooks.removeNow} onClose={() => setRemoving(false)} onConfirm={() => act(async () => {
        await ask(api.DELETE("/api/v1/webhooks/{id}", params));
        onClose();
      }, w.webhooks.removed)}>
        <p className="break-words">{webhook.url}</p>
        <p>{w.webhooks.removeHint}</p>
      </Confirm>
    );
  }
  return (
    <Dialog title={w.webhooks.one} onClose={onClose} className="sm:w-[min(44rem,calc(100vw-1.5rem))]">
      <div className="grid gap-5">
        <p className="break-words">{webhook.url}</p>
        <div className="flex flex-wrap gap-2">
          <Button onClick={() => void act(() => ask(api.POST("/api/v1/webhooks/{id}/test", params)), w.webhooks.tested).catch(toast.failed)}>{w.webhooks.test}</Button>
          <Button onClick={() => void turn().catch(toast.failed)}>{webhook.enabled ? w.webhooks.switchOff : w.webhooks.switchOn}</Button>
          <Button onClick={() => void rotate().catch(toast.failed)}>{w.webhooks.rotate}</Button>
          <Button kind="danger" onClick={() => setRemoving(true)}>{w.webhooks.remove}</Button>
        </div>
        <p className="text-sm text-ink-2">{w.webhooks.rotateHint}</p>
        <Deliveries id={webhook.id} />
      </div>
    </Dialog>
  );
}

function Deliveries({ id }: { id: string }) {
  const { data, error, refetch, hasNextPage, fetchNextPage } = useInfiniteQuery(deliveriesQuery(id));
  const act = useAct(["deliveries", id]);
  const sent = data?.pages.flatMap((page) => page.items);
  const resend = (delivery_id: string) =>
    act(() => ask(api.POST("/api/v1/webhooks/{id}/deliveries/{delivery_id}/resend", { params: { path: { id, delivery_id } } })), w.webhooks.resent).catch(toast.failed);
  return (
    <section aria-label={w.webhooks.sent} className="grid gap-2">
      <h3 className="text-sm font-semibold">{w.webhooks.sent}</h3>
      {error && !data && <Failed error={error} again={refetch} />}
      {!data && !error && <Skeleton className="h-20" />}
      {sent?.length === 0 && <p className="text-ink-2">{w.webhooks.nothingSent}</p>}
      {sent && sent.length > 0 && (
        <Rows label={w.webhooks.sent} inset>
          {sent.map((delivery) => (
            <Row key={delivery.id}
              title={<>{delivery.type}<Tag kind={delivery.state === "delivered" ? "good" : delivery.state === "failed" ? "bad" : "plain"}>{w.webhooks.state[delivery.state]}</Tag></>}
              below={<span title={showMoment(delivery.created_at)}>{ago(delivery.created_at)} · {w.webhooks.attempts(delivery.attempts)}</span>}>
              {delivery.state !== "waiting" && <Button onClick={() => void resend(delivery.id)}>{w.webhooks.resend}</Button>}
            </Row>
          ))}
        </Rows>
      )}
      {hasNextPage && <div><Button onClick={() => void fetchNextPage()}>{t.common.more}</Button></div>}
    </section>
  );
}
