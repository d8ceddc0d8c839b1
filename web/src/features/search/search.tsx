import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useDeferredValue, useEffect } from "react";

import { Failed } from "~/features/shell/failed";
import type { Schemas } from "~/lib/api/client";
import { t } from "~/lib/i18n";
import { inputClass } from "~/ui/field";
import { Empty, Skeleton } from "~/ui/notice";

import { searchQuery, type Hit } from "./queries";

const route = getRouteApi("/frame/search");

export function Search() {
  const { q = "" } = route.useSearch();
  const navigate = route.useNavigate();
  const asked = useDeferredValue(q.trim());
  const { data, error, isFetching, refetch } = useQuery({ ...searchQuery(asked), enabled: asked.length > 0 });
  useEffect(() => {
    document.title = `${t.search.title} · Tenantry`;
  }, []);
  return (
    <div className="h-full overflow-y-auto px-4 py-6 md:px-8">
      <div className="mx-auto max-w-3xl">
        <h1 className="mb-3 text-xl font-semibold">{t.search.title}</h1>
        <input type="search" aria-label={t.search.title} placeholder={t.search.hint} defaultValue={q} className={inputClass}
          // One comes here to search.
          // eslint-disable-next-line jsx-a11y/no-autofocus
          autoFocus
          onChange={(event) => void navigate({ search: (old) => ({ ...old, q: event.target.value }), replace: true })} />
        <div className="mt-4" aria-live="polite" aria-busy={isFetching}>
          {error && <Failed error={error} again={refetch} />}
          {!data && isFetching && <Skeleton className="h-40" />}
          {data?.items.length === 0 && <Empty title={t.shell.nothingFound}>{t.search.nothingHint}</Empty>}
          {data && data.items.length > 0 && (
            <ul className="divide-y divide-line overflow-hidden rounded-xl border border-line bg-surface">
              {data.items.map((hit) => <li key={`${hit.kind}${hit.id}`}><Found hit={hit} /></li>)}
            </ul>
          )}
        </div>
      </div>
    </div>
  );
}

function Found({ hit }: { hit: Hit }) {
  return (
    <Link to="/projects/$projectId" params={{ projectId: hit.project_id }} search={hit.kind === "project" ? {} : { task: hit.key }}
      className="grid gap-0.5 px-4 py-2.5 hover:bg-sunken">
      <span className="flex items-baseline gap-2"><span className="text-xs text-ink-2">{hit.key}</span><span className="font-medium"><Marked parts={hit.title} /></span></span>
      {hit.excerpt.length > 0 && <span className="line-clamp-2 text-sm text-ink-2"><Marked parts={hit.excerpt} /></span>}
    </Link>
  );
}

function Marked({ parts }: { parts: Schemas["Part"][] }) {
  return parts.map((part, index) => (part.hit ? <mark key={index} className="rounded bg-warn-tint text-warn">{part.text}</mark> : <span key={index}>{part.text}</span>));
}
