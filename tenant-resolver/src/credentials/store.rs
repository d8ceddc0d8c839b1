//! Queries of rotations.

use chrono::{DateTime, Utc};
use deadpool_postgres::GenericClient;
use kernel::{ClusterId, TenantId};

use crate::catalog;
use crate::error::Error;

/// Notes the next password of a tenant that stays where it is; answers the one that is noted now.
pub(super) async fn begin(
    client: &impl GenericClient,
    tenant: TenantId,
    cluster: ClusterId,
    sealed: &[u8],
    now: DateTime<Utc>,
) -> Result<Option<Vec<u8>>, Error> {
    let sql = "update tenants t
        set next_sealed_password = coalesce(next_sealed_password, $3), updated_at = $4
        where id = $1 and cluster_id = $2 and status in ('active', 'suspended')
            and not exists (select from tenant_moves m where m.tenant_id = t.id and m.finished_at is null)
        returning next_sealed_password";
    let parameters: [catalog::Parameter<'_>; 4] = [&tenant.uuid(), &cluster.uuid(), &sealed, &now];
    let row = catalog::row(client, sql, &parameters).await?;
    Ok(row
        .map(|row| row.try_get("next_sealed_password"))
        .transpose()?)
}

/// The password that was noted and not promoted, of a tenant that stays where it is.
pub(super) async fn unfinished(
    client: &impl GenericClient,
    tenant: TenantId,
    cluster: ClusterId,
) -> Result<Option<Vec<u8>>, Error> {
    let sql = "select next_sealed_password from tenants t
        where id = $1 and cluster_id = $2 and next_sealed_password is not null and status <> 'deleted'
            and not exists (select from tenant_moves m where m.tenant_id = t.id and m.finished_at is null)";
    let row = catalog::row(client, sql, &[&tenant.uuid(), &cluster.uuid()]).await?;
    Ok(row
        .map(|row| row.try_get("next_sealed_password"))
        .transpose()?)
}

/// The next password becomes the one that is told. Its seal may have been renewed meanwhile; the password has not.
pub(super) async fn promote(
    client: &impl GenericClient,
    tenant: TenantId,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let sql = "update tenants
        set sealed_password = next_sealed_password, next_sealed_password = null, updated_at = $2
        where id = $1 and next_sealed_password is not null";
    catalog::execute(client, sql, &[&tenant.uuid(), &now]).await?;
    Ok(())
}

/// Tenants whose rotation is under way or died.
pub(crate) async fn rotating(
    client: &impl GenericClient,
    limit: i64,
) -> Result<Vec<TenantId>, Error> {
    let sql = "select id from tenants where next_sealed_password is not null order by id limit $1";
    let rows = catalog::rows(client, sql, &[&limit]).await?;
    rows.iter()
        .map(|row| Ok(row.try_get::<_, uuid::Uuid>("id")?.into()))
        .collect()
}
