//! Queries of erasures.

use chrono::{DateTime, Utc};
use deadpool_postgres::GenericClient;
use kernel::TenantId;
use serde_json::{Value, json};

use crate::catalog;
use crate::error::Error;
use crate::lifecycle::{Change, Transition};

/// An erasure as it stands when it is begun, or begun again.
pub(super) struct Begun {
    pub(super) subdomain: String,
    pub(super) reported: Vec<String>,
}

/// Takes the password of a tenant whose grace is over, and opens the certificate.
pub(super) async fn begin(
    client: &impl GenericClient,
    tenant: TenantId,
    now: DateTime<Utc>,
) -> Result<Option<Begun>, Error> {
    let sql = "with begun as (
            update tenants set sealed_password = null, next_sealed_password = null, updated_at = $2
            where id = $1 and status = 'deleting' and subdomain is not null and deletes_at <= $2
            returning id, subdomain
        ), opened as (
            insert into tenant_erasures (tenant_id, subdomain, erased_at, report)
            select id, subdomain, $2, '{}' from begun on conflict do nothing
        )
        select subdomain, coalesce(
            (select array_agg(k) from tenant_erasures e, jsonb_object_keys(e.report) k where e.tenant_id = $1), '{}'
        ) as reported from begun";
    let row = catalog::row(client, sql, &[&tenant.uuid(), &now]).await?;
    row.map(|row| {
        Ok(Begun {
            subdomain: row.try_get("subdomain")?,
            reported: row.try_get("reported")?,
        })
    })
    .transpose()
}

/// Enters what a service has removed.
pub(super) async fn report(
    client: &impl GenericClient,
    tenant: TenantId,
    service: &str,
    report: &Value,
) -> Result<(), Error> {
    let sql =
        "update tenant_erasures set report = report || jsonb_build_object($2::text, $3::jsonb)
        where tenant_id = $1";
    catalog::execute(client, sql, &[&tenant.uuid(), &service, report]).await?;
    Ok(())
}

/// Deleting → deleted, with all its names, and the certificate complete.
pub(super) async fn finish(
    client: &impl GenericClient,
    tenant: TenantId,
    now: DateTime<Utc>,
) -> Result<bool, Error> {
    let change = Change {
        set: "subdomain = null, name = null, request_id = null, limits = '{}', deletes_at = null, last_error = null",
        guard: "subdomain is not null and sealed_password is null and deletes_at <= $4",
        ..Change::new(tenant, Transition::Erase)
    };
    if change.apply(client, now).await?.is_none() {
        return Ok(false);
    }
    let sql = "delete from subdomain_aliases where tenant_id = $1";
    let aliases = catalog::execute(client, sql, &[&tenant.uuid()]).await?;
    // An operator's words may say whose it was.
    let sql =
        "update tenant_transitions set reason = null where tenant_id = $1 and reason is not null";
    catalog::execute(client, sql, &[&tenant.uuid()]).await?;
    let own = json!({"databases": 1, "roles": 1, "former_subdomains": aliases});
    let sql = "update tenant_erasures
        set erased_at = $2, report = report || jsonb_build_object('tenant-resolver', $3::jsonb) where tenant_id = $1";
    catalog::execute(client, sql, &[&tenant.uuid(), &now, &own]).await?;
    Ok(true)
}

/// Tenants whose grace is over, the longest over first.
pub(crate) async fn due(
    client: &impl GenericClient,
    now: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<TenantId>, Error> {
    let sql = "select id from tenants
        where status = 'deleting' and subdomain is not null and deletes_at <= $1 order by deletes_at limit $2";
    let rows = catalog::rows(client, sql, &[&now, &limit]).await?;
    rows.iter()
        .map(|row| Ok(row.try_get::<_, uuid::Uuid>("id")?.into()))
        .collect()
}
