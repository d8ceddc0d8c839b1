import { useQuery } from "@tanstack/react-query";
import { CheckCircle2, Loader2 } from "lucide-react";
import { useDeferredValue, useState } from "react";

import { api, ask, type Schemas } from "~/lib/api/client";
import { t } from "~/lib/i18n";
import { Field } from "~/ui/field";
import { Form } from "~/ui/form";

const NAME = /^[a-z][a-z0-9\-]{1,38}[a-z0-9]$/;

/** What a name would be in an address. */
export function addressOf(name: string): string {
  const plain = name.toLowerCase().normalize("NFKD").replace(/\p{M}/gu, "").replace(/ß/g, "ss");
  return plain.replace(/[^a-z0-9]+/g, "-").replace(/^[^a-z]+|-+$/g, "").slice(0, 40);
}

export function SignUp() {
  const [name, setName] = useState("");
  const [chosen, setChosen] = useState<string | null>(null);
  const [made, setMade] = useState<Schemas["SignedUp"] | null>(null);
  const [making, setMaking] = useState(false);
  const subdomain = chosen ?? addressOf(name);
  const asked = useDeferredValue(subdomain);
  const { data: free } = useQuery({
    queryKey: ["subdomain", asked],
    queryFn: ({ signal }) => ask(api.GET("/api/v1/subdomains/{name}", { params: { path: { name: asked } }, signal })),
    enabled: NAME.test(asked),
    staleTime: 10_000,
    retry: false,
  });
  if (made) return <Made url={made.organization.url} name={made.organization.name} />;
  if (making) return <Making />;
  return (
    <Form
      action={t.bare.create}
      send={async ({ owner = "", email = "", password = "" }) => {
        const body = { name, subdomain, owner: { name: owner, email, password } };
        const call = ask(api.POST("/api/v1/organizations", { body }));
        // Databases are made ahead, so this is seen only when there are none left.
        const timer = setTimeout(() => setMaking(true), 1500);
        try {
          setMade(await call);
        } finally {
          clearTimeout(timer);
          setMaking(false);
        }
      }}
    >
      {(errors) => (
        <>
          <Field label={t.bare.organization} value={name} onChange={(event) => setName(event.target.value)} autoComplete="organization" maxLength={100} required error={errors.get("name")} />
          <Field label={t.bare.address} value={subdomain} onChange={(event) => setChosen(event.target.value)} suffix={`.${location.host}`}
            autoCapitalize="none" spellCheck={false} required pattern={NAME.source}
            error={errors.get("subdomain") ?? (free && !free.available ? t.bare.taken : undefined)}
            hint={free?.available ? t.bare.free : t.bare.addressHint} />
          <Field label={t.session.yourName} name="owner" autoComplete="name" maxLength={100} required error={errors.get("owner/name")} />
          <Field label={t.session.email} name="email" type="email" autoComplete="username" required error={errors.get("owner/email")} />
          <Field label={t.session.password} name="password" type="password" autoComplete="new-password" minLength={10} maxLength={128} required
            hint={t.session.passwordHint} error={errors.get("owner/password")} />
        </>
      )}
    </Form>
  );
}

function Making() {
  return (
    <p role="status" className="flex items-center gap-2">
      <Loader2 size={18} className="animate-spin text-accent" aria-hidden /> {t.bare.making}
    </p>
  );
}

function Made({ url, name }: { url: string; name: string }) {
  return (
    <div className="grid gap-3" role="status">
      <p className="flex items-center gap-2 font-medium"><CheckCircle2 size={18} className="text-good" aria-hidden /> {t.bare.ready(name)}</p>
      <p className="text-ink-2">{t.bare.readyHint}</p>
      <a href={`${url}/login`} className="inline-flex min-h-9 items-center justify-center rounded-lg bg-accent px-3 font-medium text-on-accent hover:bg-accent-strong">
        {t.bare.goTo(new URL(url).host)}
      </a>
    </div>
  );
}
