// When a report is run by itself, and who is told by mail.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { useMe, usePeople } from "~/features/session/queries";
import { api, ask, type Schemas } from "~/lib/api/client";
import { plusDays, showWeekday, zone } from "~/lib/dates";
import { t } from "~/lib/i18n";
import { Button } from "~/ui/button";
import { Dialog } from "~/ui/dialog";
import { Check, Field, SelectField } from "~/ui/field";
import { Form } from "~/ui/form";
import { toast } from "~/ui/toasts";

import { w } from "../words";
import { scheduleQuery } from "./queries";

type Every = Schemas["Every"];
type Props = { reportId: string; schedule: Schemas["ReportSchedule"] | null; onClose: () => void };

const RHYTHMS: readonly Every[] = ["day", "week", "month"];
const A_MONDAY = "2026-01-05";

export function Schedule({ reportId, schedule, onClose }: Props) {
  const cache = useQueryClient();
  const me = useMe().user.id;
  const { all: people } = usePeople();
  const [every, setEvery] = useState<Every>(schedule?.every ?? "week");
  const [told, setTold] = useState<readonly string[]>(schedule?.recipient_ids ?? [me]);
  const path = { params: { path: { id: reportId } } };
  const done = async () => {
    await cache.invalidateQueries({ queryKey: scheduleQuery(reportId).queryKey });
    onClose();
  };
  const stop = useMutation({ mutationFn: () => ask(api.DELETE("/api/v1/analytics/custom-reports/{id}/schedule", path)), onSuccess: done, onError: toast.failed });

  async function send(values: Record<string, string>) {
    await ask(api.PUT("/api/v1/analytics/custom-reports/{id}/schedule", {
      ...path,
      body: {
        every, hour: Number(values["hour"]), timezone: zone(), recipient_ids: [...told],
        ...(every === "week" && { weekday: Number(values["weekday"]) }),
        ...(every === "month" && { day_of_month: Number(values["day_of_month"]) }),
        ...(schedule && { version: schedule.version }),
      },
    }));
    await done();
  }

  return (
    <Dialog title={w.report.schedule} onClose={onClose}>
      <Form action={t.common.save} send={send} aside={schedule && <Button kind="danger" disabled={stop.isPending} onClick={() => stop.mutate()}>{w.report.unschedule}</Button>}>
        {(errors) => (
          <>
            <SelectField label={w.report.every} value={every} onChange={(event) => setEvery(event.target.value as Every)}>
              {RHYTHMS.map((rhythm) => <option key={rhythm} value={rhythm}>{w.period.cuts[rhythm]}</option>)}
            </SelectField>
            {every === "week" && (
              <SelectField label={w.report.weekday} name="weekday" defaultValue={schedule?.weekday ?? 1}>
                {[1, 2, 3, 4, 5, 6, 7].map((day) => <option key={day} value={day}>{showWeekday(plusDays(A_MONDAY, day - 1))}</option>)}
              </SelectField>
            )}
            {every === "month" && <Field label={w.report.dayOfMonth} name="day_of_month" type="number" min={1} max={31} required defaultValue={schedule?.day_of_month ?? 1} error={errors.get("day_of_month")} />}
            <Field label={w.report.hour} name="hour" type="number" min={0} max={23} required defaultValue={schedule?.hour ?? 8} hint={w.period.zone(zone())} error={errors.get("hour")} />
            <fieldset>
              <legend className="mb-1 text-sm font-medium">{w.report.told}</legend>
              <div className="grid max-h-40 gap-1 overflow-y-auto">
                {people.map(({ id, name }) => (
                  <Check key={id} label={name} checked={told.includes(id)} onChange={(event) => setTold(event.target.checked ? [...told, id] : told.filter((other) => other !== id))} />
                ))}
              </div>
              {errors.get("recipient_ids") && <p className="text-sm text-danger">{errors.get("recipient_ids")}</p>}
            </fieldset>
          </>
        )}
      </Form>
    </Dialog>
  );
}
