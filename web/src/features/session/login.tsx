import { useQuery } from "@tanstack/react-query";
import { KeyRound } from "lucide-react";
import { useEffect, useState } from "react";

import { api, ask, Problem } from "~/lib/api/client";
import { t } from "~/lib/i18n";
import { Button } from "~/ui/button";
import { Field } from "~/ui/field";
import { Form } from "~/ui/form";
import { Notice } from "~/ui/notice";
import { toast } from "~/ui/toasts";

import { Doorway, linkClass } from "./doorway";
import { passkeysWork, signInWithPasskey } from "./passkey";
import { SecondFactor, type Demand } from "./second-factor";

/** What a provider's way back said, in `#sign_in=`. */
type Returned = { demand?: Demand; remark?: string };

function returned(): Returned {
  const told = new URLSearchParams(location.hash.slice(1));
  const code = told.get("sign_in");
  const challenge = told.get("challenge");
  if (!code) return {};
  if (code === "second_factor" && challenge) return { demand: { challenge, enroll: told.get("enroll") === "true" } };
  return { remark: t.session.provider[code] ?? t.session.provider["provider_failed"] ?? code };
}

export function Login({ next }: { next: string }) {
  const [{ demand, remark }, setReturned] = useState(returned);
  const enter = () => location.replace(next);
  useEffect(() => {
    void redeem().then((answer) => {
      if (answer && "challenge" in answer) setReturned({ demand: answer });
      else if (answer) location.replace("/");
    }, (error: unknown) => setReturned({ remark: error instanceof Problem ? error.message : String(error) }));
  }, []);
  if (demand) {
    return (
      <Doorway title={t.session.secondFactor}>
        <SecondFactor demand={demand} onDone={enter} />
      </Doorway>
    );
  }
  return (
    <Doorway title={t.session.signIn} below={<a className={linkClass} href={bareDomain("/find")}>{t.session.otherOrganization}</a>}>
      {remark && <div className="mb-4"><Notice kind="warn">{remark}</Notice></div>}
      <Form
        action={t.session.signIn}
        aside={<a className={`${linkClass} text-sm`} href="/reset-password">{t.session.forgotten}</a>}
        send={async ({ email = "", password = "" }) => {
          const answer = await ask(api.POST("/api/v1/auth/login", { body: { email, password } }));
          if ("challenge" in answer) setReturned({ demand: answer });
          else enter();
        }}
      >
        {(errors) => (
          <>
            <Field label={t.session.email} name="email" type="email" autoComplete="username" required error={errors.get("email")} />
            <Field label={t.session.password} name="password" type="password" autoComplete="current-password" required error={errors.get("password")} />
          </>
        )}
      </Form>
      <OtherWays onDone={enter} />
    </Doorway>
  );
}

/** Uses the ticket that the list of one's organizations gave for this one; it is good once. */
async function redeem() {
  const ticket = new URLSearchParams(location.hash.slice(1)).get("ticket");
  if (!ticket) return null;
  history.replaceState(null, "", location.pathname);
  return ask(api.POST("/api/v1/auth/tickets", { body: { ticket } }));
}

/** The domain without the organization's name in front. */
function bareDomain(path: string): string {
  return `${location.protocol}//${location.host.split(".").slice(1).join(".")}${path}`;
}

function OtherWays({ onDone }: { onDone: () => void }) {
  const { data: providers = [] } = useQuery({
    queryKey: ["providers"],
    queryFn: ({ signal }) => ask(api.GET("/api/v1/auth/providers", { signal })),
    staleTime: Infinity,
  });
  const passkeys = passkeysWork();
  if (!passkeys && providers.length === 0) return null;
  return (
    <div className="mt-5 grid gap-2 border-t border-line pt-5">
      {passkeys && (
        <Button onClick={() => void signInWithPasskey().then((done) => done && onDone(), toast.failed)}>
          <KeyRound size={16} aria-hidden /> {t.session.withPasskey}
        </Button>
      )}
      {providers.map((offered) => (
        <a key={offered.provider} href={`/api/v1/auth/oauth/${encodeURIComponent(offered.provider)}/start`}
          className="inline-flex min-h-8 items-center justify-center rounded-lg border border-line bg-surface px-3 shadow-card hover:border-line-strong">
          {t.session.withProvider(offered.name)}
        </a>
      ))}
    </div>
  );
}
