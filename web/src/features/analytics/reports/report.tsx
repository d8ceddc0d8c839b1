// One report: what it shows, its runs, and the numbers of one of them.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { CalendarClock, Pencil, Play, Trash2 } from "lucide-react";
import { useState } from "react";

import { useMay, useMe } from "~/features/session/queries";
import { Failed } from "~/features/shell/failed";
import { api, ask } from "~/lib/api/client";
import { showMoment } from "~/lib/dates";
import { t } from "~/lib/i18n";
import { Button } from "~/ui/button";
import { Dialog } from "~/ui/dialog";
import { Empty, Skeleton } from "~/ui/notice";
import { toast } from "~/ui/toasts";

import { Title } from "../frame";
import { w } from "../words";
import { ReportForm } from "./form";
import { customReportQuery, customReportsQuery, runsQuery, scheduleQuery } from "./queries";
import { Result } from "./result";
import { Schedule } from "./schedule";
import { describe } from "./words";

const route = getRouteApi("/frame/analytics/reports/$reportId");

export function Report() {
  const { reportId } = route.useParams();
  const { run } = route.useSearch();
  const navigate = route.useNavigate();
  const cache = useQueryClient();
  const me = useMe().user.id;
  const manages = useMay("organization:manage");
  const { data: report, error, refetch } = useQuery(customReportQuery(reportId));
  const { data: runs } = useQuery(runsQuery(reportId));
  const { data: schedule } = useQuery(scheduleQuery(reportId));
  const [open, setOpen] = useState<"edit" | "schedule" | "remove" | null>(null);
  const start = useMutation({
    mutationFn: () => ask(api.POST("/api/v1/analytics/custom-reports/{id}/run", { params: { path: { id: reportId } } })),
    onSuccess: async () => {
      await cache.invalidateQueries({ queryKey: runsQuery(reportId).queryKey });
      void navigate({ search: {}, replace: true });
    },
    onError: toast.failed,
  });
  if (error && !report) return <Failed error={error} again={refetch} />;
  if (!report) return <Skeleton className="h-48" />;
  const changes = report.owner_id === me || manages;
  const shown = runs?.find(({ id }) => id === run) ?? runs?.[0];
  const close = () => setOpen(null);
  return (
    <>
      <div className="grid gap-1">
        <Title>{report.name}</Title>
        <p className="text-ink-2">{describe(report.definition)}</p>
        {schedule && <p className="text-sm text-ink-2">{w.report.next(showMoment(schedule.next_run_at))}</p>}
      </div>
      <div className="flex flex-wrap gap-2">
        <Button kind="primary" disabled={start.isPending} onClick={() => start.mutate()}><Play size={15} aria-hidden />{w.report.run}</Button>
        {changes && <Button onClick={() => setOpen("edit")}><Pencil size={15} aria-hidden />{t.common.edit}</Button>}
        {changes && <Button onClick={() => setOpen("schedule")}><CalendarClock size={15} aria-hidden />{w.report.schedule}</Button>}
        {changes && <Button kind="danger" onClick={() => setOpen("remove")}><Trash2 size={15} aria-hidden />{t.common.remove}</Button>}
      </div>
      {runs?.length === 0 && <Empty title={w.report.noRuns}>{w.report.noRunsHint}</Empty>}
      {runs && runs.length > 1 && (
        <div className="grid max-w-sm gap-1">
          <label htmlFor="run" className="text-sm font-medium">{w.report.made}</label>
          <select id="run" value={shown?.id} onChange={(event) => void navigate({ search: { run: event.target.value }, replace: true })} className="min-h-9 rounded-lg border border-line-strong bg-surface px-2.5">
            {runs.map(({ id, created_at, state }) => <option key={id} value={id}>{`${showMoment(created_at)}: ${w.report.states[state]}`}</option>)}
          </select>
        </div>
      )}
      {shown && <Result key={shown.id} report={shown} />}
      {open === "edit" && <ReportForm report={report} onClose={close} onDone={async () => {
        await cache.invalidateQueries({ queryKey: customReportsQuery.queryKey });
        close();
      }} />}
      {open === "schedule" && <Schedule reportId={reportId} schedule={schedule ?? null} onClose={close} />}
      {open === "remove" && <Remove reportId={reportId} name={report.name} onClose={close} />}
    </>
  );
}

function Remove({ reportId, name, onClose }: { reportId: string; name: string; onClose: () => void }) {
  const cache = useQueryClient();
  const navigate = useNavigate();
  const remove = useMutation({
    mutationFn: () => ask(api.DELETE("/api/v1/analytics/custom-reports/{id}", { params: { path: { id: reportId } } })),
    onSuccess: async () => {
      await navigate({ to: "/analytics/reports" });
      await cache.invalidateQueries({ queryKey: customReportsQuery.queryKey, exact: true });
    },
    onError: toast.failed,
  });
  return (
    <Dialog title={w.report.removeTitle(name)} onClose={onClose}>
      <p className="mb-4 text-ink-2">{w.report.removeHint}</p>
      <div className="flex justify-end gap-2">
        <Button onClick={onClose}>{t.common.cancel}</Button>
        <Button kind="danger" disabled={remove.isPending} onClick={() => remove.mutate()}>{t.common.remove}</Button>
      </div>
    </Dialog>
  );
}
