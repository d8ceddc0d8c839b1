import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { Ban, ChevronRight, Download, ShieldCheck } from "lucide-react";
import { useMemo } from "react";

import { usePeople } from "~/features/session/queries";
import { Failed } from "~/features/shell/failed";
import { ago, showMoment } from "~/lib/dates";
import { t } from "~/lib/i18n";
import { Button } from "~/ui/button";
import { Menu, MenuItem } from "~/ui/menu";
import { Empty, Skeleton } from "~/ui/notice";

import { AuditFilter } from "./audit-filter";
import { auditPage, auditQuery } from "./audit-query";
import { actionText, summary } from "./audit-text";
import { Screen, Tag } from "./parts";
import { rolesQuery, type AuditEvent } from "./queries";
import { choiceOf } from "./reach";
import { roleName } from "./role-options";
import { w } from "./words";

const route = getRouteApi("/frame/settings/audit");

export function Audit() {
  const filter = route.useSearch();
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery(auditQuery(filter));
  const { data: roles } = useQuery(rolesQuery);
  const names = useMemo(() => new Map(roles?.map((role) => [choiceOf(role), roleName(role)])), [roles]);
  const events = data?.pages.flatMap((page) => page.items);
  const save = (format: "csv" | "jsonl") => location.assign(`/api/v1/audit-events/export?${new URLSearchParams({ ...asText(auditPage(filter)), format })}`);
  return (
    <Screen title={w.sections.audit} hint={w.audit.hint} action={
      <Menu align="end" trigger={<Button><Download size={15} aria-hidden />{w.audit.download}</Button>}>
        <MenuItem onSelect={() => save("csv")}>{w.audit.csv}</MenuItem>
        <MenuItem onSelect={() => save("jsonl")}>{w.audit.jsonl}</MenuItem>
      </Menu>
    }>
      <AuditFilter />
      {error && !data && <Failed error={error} again={refetch} />}
      {!data && !error && <Skeleton className="h-96" />}
      {events?.length === 0 && <Empty title={w.audit.none}>{w.audit.noneHint}</Empty>}
      {events && events.length > 0 && (
        <ol aria-label={w.sections.audit} className="divide-y divide-line rounded-2xl border border-line bg-surface shadow-card">
          {events.map((event) => <li key={event.id} className="first:[&_summary]:rounded-t-2xl last:not-has-[[open]]:[&_summary]:rounded-b-2xl"><Entry event={event} roles={names} /></li>)}
        </ol>
      )}
      {hasNextPage && <div><Button disabled={isFetchingNextPage} onClick={() => void fetchNextPage()}>{t.common.more}</Button></div>}
    </Screen>
  );
}

const asText = (query: object): Record<string, string> => Object.fromEntries(Object.entries(query).map(([name, value]) => [name, String(value)]));

function Entry({ event, roles }: { event: AuditEvent; roles: ReadonlyMap<string, string> }) {
  const { all } = usePeople();
  const target = all.find((person) => person.id === event.target_id && person.id !== event.actor_id);
  const who = event.actor_name ?? (event.actor_id ? w.audit.somebody : event.address ? w.audit.somebody : w.audit.system);
  const more = summary(event, roles);
  const Sign = event.succeeded ? ShieldCheck : Ban;
  return (
    <details className="group">
      <summary className="flex list-none items-start gap-3 px-3 py-2.5 hover:bg-sunken sm:px-4">
        <Sign size={16} aria-hidden className={`mt-0.5 shrink-0 ${event.succeeded ? "text-ink-2" : "text-danger"}`} />
        <span className="min-w-0 flex-1">
          <span className="block break-words">
            <span className="font-medium">{actionText(event.action)}</span>
            {target && <>: {target.name}</>}
            {more && <span className="text-ink-2"> ({more})</span>}
            {!event.succeeded && <Tag kind="bad">{w.audit.refused}</Tag>}
          </span>
          <span className="block text-sm text-ink-2">{who}</span>
        </span>
        <time dateTime={event.created_at} title={showMoment(event.created_at)} className="shrink-0 text-sm text-ink-2">{ago(event.created_at)}</time>
        <ChevronRight size={16} aria-hidden className="mt-0.5 shrink-0 text-ink-2 group-open:rotate-90" />
      </summary>
      <dl className="grid gap-x-4 gap-y-1 px-3 pb-3 pl-10 text-sm sm:grid-cols-[6rem_1fr] sm:px-4 sm:pl-11 [&>dt]:text-ink-2">
        <dt>{w.audit.when}</dt><dd>{showMoment(event.created_at)}</dd>
        {event.address && <><dt>{w.audit.address}</dt><dd>{event.address}</dd></>}
        {event.user_agent && <><dt>{w.audit.agent}</dt><dd className="break-words">{event.user_agent}</dd></>}
        <dt>{w.audit.what}</dt><dd><code className="text-xs">{event.action}</code></dd>
        {Object.entries(event.detail as Record<string, unknown>).filter(([, value]) => value !== null).map(([name, value]) => (
          <Detail key={name} name={name} value={value} />
        ))}
      </dl>
    </details>
  );
}

function Detail({ name, value }: { name: string; value: unknown }) {
  return <><dt>{name}</dt><dd><code className="text-xs break-all">{typeof value === "string" ? value : JSON.stringify(value)}</code></dd></>;
}
