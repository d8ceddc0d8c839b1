import { useQuery } from "@tanstack/react-query";

import { useMay } from "~/features/session/queries";
import { Failed } from "~/features/shell/failed";
import { api, ask, type Schemas } from "~/lib/api/client";
import { Check, Field } from "~/ui/field";
import { Form } from "~/ui/form";
import { Skeleton } from "~/ui/notice";

import { domains } from "./addresses";
import { Block, Screen } from "./parts";
import { ifMatch, linkPolicyQuery, organizationQuery, useAct } from "./queries";
import { w } from "./words";

type Settings = Schemas["OrganizationSettings"];

export function Organization() {
  const { data, error, refetch } = useQuery(organizationQuery);
  const mayRename = useMay("organization:manage");
  const maySecure = useMay("security:manage");
  const mayLink = useMay("link:create");
  return (
    <Screen title={w.sections.organization}>
      {error && !data && <Failed error={error} again={refetch} />}
      {!data && !error && <Skeleton className="h-96" />}
      {data && mayRename && <Name key={`name${data.version}`} settings={data} />}
      {data && maySecure && <Rules key={`rules${data.version}`} settings={data} />}
      {maySecure && mayLink && <Links />}
    </Screen>
  );
}

function useChange(version: number) {
  const act = useAct(["organization"], ["me"]);
  return (body: Schemas["UpdateOrganization"]) => act(() => ask(api.PATCH("/api/v1/organization", { params: ifMatch(version), body })), w.saved);
}

function Name({ settings }: { settings: Settings }) {
  const change = useChange(settings.version);
  return (
    <Block title={w.organization.general}>
      <Form action={w.organization.save} send={({ name = "" }) => change({ name })}>
        {(errors) => (
          <div className="grid gap-4 sm:grid-cols-2">
            <Field label={w.organization.name} hint={w.organization.nameHint} name="name" defaultValue={settings.name} required maxLength={200} error={errors.get("name")} />
            <Field label={w.organization.address} defaultValue={settings.url} readOnly />
          </div>
        )}
      </Form>
    </Block>
  );
}

function Rules({ settings }: { settings: Settings }) {
  const change = useChange(settings.version);
  return (
    <Block title={w.organization.rules}>
      <Form action={w.organization.save} send={({ factor, passwords, switching, listed = "", days }) => change({
        require_second_factor: factor === "on",
        password_sign_in: passwords === "on",
        switch_without_password: switching === "on",
        allowed_email_domains: domains(listed),
        audit_retention_days: Number(days),
      })}>
        {(errors) => (
          <>
            <Rule name="factor" on={settings.require_second_factor} label={w.organization.factor} hint={w.organization.factorHint} />
            <Rule name="passwords" on={settings.password_sign_in} label={w.organization.passwords} hint={w.organization.passwordsHint} />
            <Rule name="switching" on={settings.switch_without_password} label={w.organization.switching} hint={w.organization.switchingHint} />
            <div className="grid gap-4 sm:grid-cols-[1fr_14rem]">
              <Field label={w.organization.domains} hint={w.organization.domainsHint} name="listed" defaultValue={settings.allowed_email_domains.join(", ")} placeholder="example.com"
                error={[...errors].find(([pointer]) => pointer.startsWith("allowed_email_domains"))?.[1]} />
              <Field label={w.organization.retention} hint={w.organization.retentionHint} name="days" type="number" min={30} max={3650} required defaultValue={settings.audit_retention_days} error={errors.get("audit_retention_days")} />
            </div>
          </>
        )}
      </Form>
    </Block>
  );
}

function Rule({ name, on, label, hint }: { name: string; on: boolean; label: string; hint?: string }) {
  return <Check name={name} defaultChecked={on} label={<><span className="block font-medium">{label}</span>{hint && <span className="block text-sm text-ink-2">{hint}</span>}</>} />;
}

function Links() {
  const { data, error, refetch } = useQuery(linkPolicyQuery);
  const act = useAct(["link-policy"]);
  return (
    <Block title={w.organization.links}>
      {error && !data && <Failed error={error} again={refetch} />}
      {!data && !error && <Skeleton className="h-32" />}
      {data && (
        <Form key={data.version} action={w.organization.save} send={({ enabled, password, days }) => act(() => ask(api.PATCH("/api/v1/links/policy", {
          params: ifMatch(data.version),
          body: { enabled: enabled === "on", require_password: password === "on", max_days: days ? Number(days) : null },
        })), w.saved)}>
          {(errors) => (
            <>
              <Rule name="enabled" on={data.enabled} label={w.organization.linksOn} hint={w.organization.linksOnHint} />
              <Rule name="password" on={data.require_password} label={w.organization.linksPassword} />
              <Field className="sm:max-w-64" label={w.organization.linksDays} hint={w.organization.linksDaysHint} name="days" type="number" min={1} max={1825} defaultValue={data.max_days ?? ""} error={errors.get("max_days")} />
            </>
          )}
        </Form>
      )}
    </Block>
  );
}
