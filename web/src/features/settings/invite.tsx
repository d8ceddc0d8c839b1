import { useState } from "react";

import { useMe } from "~/features/session/queries";
import { api, ask, Problem } from "~/lib/api/client";
import { Dialog } from "~/ui/dialog";
import { inputClass, SelectField } from "~/ui/field";
import { Form } from "~/ui/form";

import { addresses } from "./addresses";
import { roleBody, useAct, type Role } from "./queries";
import { reaches } from "./reach";
import { RoleOptions } from "./role-options";
import { w } from "./words";

/** Invites as many as are named; whom it did not work for stays in the field, with the reason. */
export function Invite({ roles, onClose }: { roles: Role[]; onClose: () => void }) {
  const me = useMe();
  const [typed, setTyped] = useState("");
  const act = useAct(["invitations"]);
  const send = async (role: string) => {
    const wanted = addresses(typed);
    if (wanted.length === 0) throw new Problem(422, "", w.invitations.noAddress);
    const refused: [string, string][] = [];
    for (const email of wanted) {
      try {
        await ask(api.POST("/api/v1/invitations", { body: { email, ...roleBody(role) } }));
      } catch (error) {
        if (!(error instanceof Problem)) throw error;
        refused.push([email, error.message]);
      }
    }
    const sent = wanted.length - refused.length;
    if (sent > 0) await act(() => Promise.resolve(), w.invitations.sent(sent));
    setTyped(refused.map(([email]) => email).join("\n"));
    if (refused.length > 0) throw new Problem(422, "", refused.map(([email, why]) => `${email}: ${why}`).join(" "));
    onClose();
  };
  return (
    <Dialog title={w.invitations.invite} onClose={onClose}>
      <Form action={w.invitations.send} send={({ role = "member" }) => send(role)}>
        {() => (
          <>
            <div className="grid gap-1">
              <label htmlFor="invite-emails" className="text-sm font-medium">{w.invitations.emails}</label>
              <textarea id="invite-emails" rows={3} required value={typed} onChange={(event) => setTyped(event.target.value)} className={inputClass} aria-describedby="invite-hint" spellCheck={false}
                // The dialog is opened to type here.
                // eslint-disable-next-line jsx-a11y/no-autofocus
                autoFocus />
              <p id="invite-hint" className="text-sm text-ink-2">{w.invitations.emailsHint}</p>
            </div>
            <SelectField label={w.invitations.role} name="role" defaultValue="member">
              <RoleOptions roles={roles.filter((role) => reaches(me, role))} />
            </SelectField>
          </>
        )}
      </Form>
    </Dialog>
  );
}
