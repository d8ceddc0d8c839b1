import { useState } from "react";

import { useMe } from "~/features/session/queries";
import { api, ask, Problem } from "~/lib/api/client";
import { Button } from "~/ui/button";
import { Dialog } from "~/ui/dialog";
import { Field, SelectField } from "~/ui/field";
import { Form } from "~/ui/form";
import { Notice } from "~/ui/notice";

import { Copyable } from "./parts";
import { readingOnly } from "./permissions";
import { useAct } from "./queries";
import { Scopes } from "./scopes";
import { w } from "./words";

const DAYS = [7, 30, 90] as const;
const YEAR_DAYS = 365;
const MS_A_DAY = 86_400_000;

export function NewToken({ onClose }: { onClose: () => void }) {
  const { permissions } = useMe();
  const [chosen, setChosen] = useState(() => new Set(readingOnly(permissions)));
  const [token, setToken] = useState<string | null>(null);
  const act = useAct(["tokens"]);
  if (token !== null) return <Ready token={token} onClose={onClose} />;
  const create = async (name: string, days: number) => {
    if (chosen.size === 0) throw new Problem(422, "", w.tokens.missing);
    const expires_at = new Date(Date.now() + days * MS_A_DAY).toISOString();
    await act(async () => setToken((await ask(api.POST("/api/v1/tokens", { body: { name, expires_at, scopes: [...chosen] } }))).token));
  };
  return (
    <Dialog title={w.tokens.create} onClose={onClose} className="sm:w-[min(44rem,calc(100vw-1.5rem))]">
      <Form action={w.tokens.create} send={({ name = "", days }) => create(name, Number(days))}>
        {(errors) => (
          <>
            <div className="grid gap-4 sm:grid-cols-[1fr_12rem]">
              <Field label={w.tokens.name} hint={w.tokens.nameHint} name="name" required maxLength={100} error={errors.get("name")}
                // The dialog is opened to type here.
                // eslint-disable-next-line jsx-a11y/no-autofocus
                autoFocus />
              <SelectField label={w.tokens.expires} name="days" defaultValue="30">
                {DAYS.map((days) => <option key={days} value={days}>{w.tokens.days(days)}</option>)}
                <option value={YEAR_DAYS}>{w.tokens.year}</option>
              </SelectField>
            </div>
            <div className="grid gap-2">
              <div className="flex flex-wrap items-center gap-1">
                <h3 className="mr-auto text-sm font-medium">{w.tokens.scopes}</h3>
                <Button kind="quiet" onClick={() => setChosen(new Set(readingOnly(permissions)))}>{w.tokens.reading}</Button>
                <Button kind="quiet" onClick={() => setChosen(new Set(permissions))}>{w.tokens.everything}</Button>
                <Button kind="quiet" onClick={() => setChosen(new Set())}>{w.tokens.nothing}</Button>
              </div>
              <Scopes all={permissions} held={permissions} chosen={chosen} onChange={setChosen} />
            </div>
          </>
        )}
      </Form>
    </Dialog>
  );
}

/** The one time that the token is shown. */
function Ready({ token, onClose }: { token: string; onClose: () => void }) {
  return (
    <Dialog title={w.tokens.ready} onClose={onClose} firm>
      <div className="grid gap-4">
        <Notice kind="warn">{w.tokens.once}</Notice>
        <Copyable text={token} label={w.tokens.token} />
        <div className="grid gap-1">
          <h3 className="text-sm font-medium">{w.tokens.tryIt}</h3>
          <Copyable text={`curl -H "Authorization: Bearer ${token}" ${location.origin}/api/v1/projects`} label={w.tokens.tryIt} />
        </div>
        <Button kind="primary" className="justify-self-end" onClick={onClose}>{w.tokens.done}</Button>
      </div>
    </Dialog>
  );
}
