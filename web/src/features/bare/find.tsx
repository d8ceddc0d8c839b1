import { useState } from "react";

import { api, ask, type Schemas } from "~/lib/api/client";
import { t } from "~/lib/i18n";
import { Field } from "~/ui/field";
import { Form } from "~/ui/form";
import { Notice } from "~/ui/notice";

/** The organizations of a person, each with a ticket that opens it. */
export function Find() {
  const [found, setFound] = useState<Schemas["Entrance"][] | null>(null);
  if (found?.length === 0) return <Notice kind="warn">{t.bare.noneFound}</Notice>;
  if (found) {
    return (
      <ul className="grid gap-2">
        {found.map(({ organization, role, ticket }) => (
          <li key={organization.id}>
            <a href={`${organization.url}/login#ticket=${encodeURIComponent(ticket)}`}
              className="flex items-center justify-between rounded-lg border border-line px-3 py-2 hover:border-line-strong">
              <span className="font-medium">{organization.name}</span>
              <span className="text-sm text-ink-2">{t.role[role]}</span>
            </a>
          </li>
        ))}
      </ul>
    );
  }
  return (
    <Form action={t.bare.find} send={async ({ email = "", password = "" }) => {
      const { items } = await ask(api.POST("/api/v1/auth/organizations", { body: { email, password } }));
      setFound(items);
    }}>
      {(errors) => (
        <>
          <p className="text-ink-2">{t.bare.findHint}</p>
          <Field label={t.session.email} name="email" type="email" autoComplete="username" required error={errors.get("email")} />
          <Field label={t.session.password} name="password" type="password" autoComplete="current-password" required error={errors.get("password")} />
        </>
      )}
    </Form>
  );
}
