//! Queries of names.

use chrono::{DateTime, Utc};
use deadpool_postgres::GenericClient;
use kernel::{Subdomain, TenantId};
use tokio_postgres::error::SqlState;

use crate::catalog;
use crate::error::Error;

/// Whether neither a tenant nor a former name that still resolves is in the way.
pub(super) async fn is_free(
    client: &impl GenericClient,
    subdomain: &Subdomain,
) -> Result<bool, Error> {
    let sql = "select from tenants where subdomain = $1
        union all
        select from subdomain_aliases where subdomain = $1 and released_at is null
        limit 1";
    let taken = catalog::row(client, sql, &[&subdomain.as_str()]).await?;
    Ok(taken.is_none())
}

/// Whether it is in use by a tenant other than this one.
pub(super) async fn is_anothers(
    client: &impl GenericClient,
    subdomain: &Subdomain,
    tenant: TenantId,
) -> Result<bool, Error> {
    let sql = "select from tenants where subdomain = $1 and id <> $2
        union all
        select from subdomain_aliases where subdomain = $1 and released_at is null and tenant_id <> $2
        limit 1";
    let taken = catalog::row(client, sql, &[&subdomain.as_str(), &tenant.uuid()]).await?;
    Ok(taken.is_some())
}

/// The present name of a tenant that may be renamed; the row stays locked.
pub(super) async fn lock(
    client: &impl GenericClient,
    tenant: TenantId,
) -> Result<Option<String>, Error> {
    let sql = "select subdomain from tenants
        where id = $1 and status in ('active', 'suspended', 'moving', 'migrating') for update";
    let row = catalog::row(client, sql, &[&tenant.uuid()]).await?;
    Ok(row.map(|row| row.try_get("subdomain")).transpose()?)
}

/// Refuses a name that somebody took meanwhile.
pub(super) async fn rename(
    client: &impl GenericClient,
    tenant: TenantId,
    subdomain: &Subdomain,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let sql = "update tenants set subdomain = $2, updated_at = $3 where id = $1";
    match catalog::execute(client, sql, &[&tenant.uuid(), &subdomain.as_str(), &now]).await {
        Err(Error::Catalog(error)) if error.code() == Some(&SqlState::UNIQUE_VIOLATION) => {
            Err(Error::SubdomainTaken)
        }
        renamed => renamed.map(drop),
    }
}

/// The name it had becomes a former one; the name it has is none any more.
pub(super) async fn keep_former(
    client: &impl GenericClient,
    tenant: TenantId,
    former: &str,
    present: &Subdomain,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let sql = "delete from subdomain_aliases where subdomain = $1";
    catalog::execute(client, sql, &[&present.as_str()]).await?;
    // A row with this name can only be one that somebody released.
    let sql = "insert into subdomain_aliases (subdomain, tenant_id, created_at) values ($1, $2, $3)
        on conflict (subdomain) do update
            set tenant_id = excluded.tenant_id, created_at = excluded.created_at, released_at = null";
    catalog::execute(client, sql, &[&former, &tenant.uuid(), &now]).await?;
    Ok(())
}

/// Former name → free; false when it is no former name.
pub(super) async fn release(
    client: &impl GenericClient,
    subdomain: &Subdomain,
    now: DateTime<Utc>,
) -> Result<bool, Error> {
    let sql = "update subdomain_aliases set released_at = $2
        where subdomain = $1 and released_at is null";
    Ok(catalog::execute(client, sql, &[&subdomain.as_str(), &now]).await? == 1)
}
