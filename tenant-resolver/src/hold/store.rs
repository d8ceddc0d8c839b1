//! Queries of holds.

use chrono::{DateTime, Utc};
use deadpool_postgres::GenericClient;
use kernel::TenantId;

use crate::catalog;
use crate::error::Error;

/// Moves the end of a hold of the same purpose; false when there is none.
pub(super) async fn prolong(
    client: &impl GenericClient,
    tenant: TenantId,
    purpose: &str,
    until: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<bool, Error> {
    let sql = "update tenants set held_until = $3, updated_at = $4
        where id = $1 and status in ('moving', 'migrating') and held_for = $2";
    let changed = catalog::execute(client, sql, &[&tenant.uuid(), &purpose, &until, &now]).await?;
    Ok(changed == 1)
}

/// Refuses a name that no cluster has.
pub(super) async fn cluster_named(client: &impl GenericClient, name: &str) -> Result<(), Error> {
    let sql = "select from clusters where name = $1";
    let found = catalog::row(client, sql, &[&name]).await?;
    found.map(drop).ok_or(Error::ClusterUnknown)
}

/// Tenants whose hold should have ended, oldest first.
pub(crate) async fn over(
    client: &impl GenericClient,
    now: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<TenantId>, Error> {
    let sql = "select id from tenants
        where status in ('moving', 'migrating') and (held_until is null or held_until <= $1)
        order by status_changed_at limit $2";
    let rows = catalog::rows(client, sql, &[&now, &limit]).await?;
    rows.iter()
        .map(|row| Ok(row.try_get::<_, uuid::Uuid>("id")?.into()))
        .collect()
}

/// Holds that are open.
pub(crate) async fn count_open(client: &impl GenericClient) -> Result<i64, Error> {
    let sql = "select count(*) from tenants where status in ('moving', 'migrating')";
    let row = catalog::row(client, sql, &[]).await?;
    Ok(row.ok_or(Error::Malformed("count"))?.try_get(0)?)
}
