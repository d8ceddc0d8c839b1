// Numbers to see again, kept under a name.
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { Plus } from "lucide-react";
import { useState } from "react";

import { usePeople } from "~/features/session/queries";
import { Failed } from "~/features/shell/failed";
import { Button } from "~/ui/button";
import { Empty, Skeleton } from "~/ui/notice";

import { Title } from "../frame";
import { w } from "../words";
import { ReportForm } from "./form";
import { customReportsQuery } from "./queries";
import { describe } from "./words";

export function Reports() {
  const cache = useQueryClient();
  const navigate = useNavigate();
  const { find } = usePeople();
  const { data, error, refetch } = useQuery(customReportsQuery);
  const [creating, setCreating] = useState(false);
  const create = <Button kind="primary" onClick={() => setCreating(true)}><Plus size={16} aria-hidden />{w.report.create}</Button>;
  return (
    <>
      <Title beside={<div className="ml-auto">{create}</div>}>{w.reports}</Title>
      {error && !data && <Failed error={error} again={refetch} />}
      {!data && !error && <Skeleton className="h-48" />}
      {data?.length === 0 && <Empty title={w.report.none}>{w.report.noneHint}</Empty>}
      <ul className="grid gap-3 sm:grid-cols-2">
        {data?.map((report) => (
          <li key={report.id}>
            <Link to="/analytics/reports/$reportId" params={{ reportId: report.id }} className="grid h-full content-start gap-1 rounded-2xl border border-line bg-surface p-4 shadow-card hover:border-line-strong">
              <span className="truncate text-lg font-semibold">{report.name}</span>
              <span className="text-sm text-ink-2">{describe(report.definition)}</span>
              <span className="text-sm text-ink-2">{w.report.keptBy(find(report.owner_id).name)}</span>
            </Link>
          </li>
        ))}
      </ul>
      {creating && <ReportForm onClose={() => setCreating(false)} onDone={async (report) => {
        await cache.invalidateQueries({ queryKey: customReportsQuery.queryKey });
        void navigate({ to: "/analytics/reports/$reportId", params: { reportId: report.id } });
      }} />}
    </>
  );
}
