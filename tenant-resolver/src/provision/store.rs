//! The journal of builds and removals: rows of `tenants` that no subdomain points to.

use chrono::{DateTime, Utc};
use deadpool_postgres::GenericClient;
use kernel::{ClusterId, SealKeys, TenantId};
use secrecy::{ExposeSecret, SecretString};

use super::session::database_name;
use crate::catalog;
use crate::error::Error;
use crate::lifecycle::{Change, Transition};

/// Nobody's: what is changed or dropped here must never be an organization's.
const NOBODYS: &str = "subdomain is null";

/// What a password's seal is bound to: copied to another tenant's row it does not open.
pub(crate) fn seal_context(tenant: TenantId) -> Vec<u8> {
    format!("tenant:{tenant}").into_bytes()
}

/// Seals a tenant's password.
pub(crate) fn seal_password(
    seal: &SealKeys,
    tenant: TenantId,
    password: &SecretString,
) -> Result<Vec<u8>, Error> {
    let password = password.expose_secret().as_bytes();
    Ok(seal.seal(password, &seal_context(tenant))?)
}

/// Opens a tenant's password.
pub(crate) fn open_password(
    seal: &SealKeys,
    tenant: TenantId,
    sealed: &[u8],
) -> Result<SecretString, Error> {
    let password = seal.open(sealed, &seal_context(tenant))?;
    let password = String::from_utf8(password).map_err(|_not_text| Error::Malformed("password"))?;
    Ok(password.into())
}

/// The first entry of the journal: a half-built database.
pub(crate) async fn begun(
    client: &impl GenericClient,
    tenant: TenantId,
    cluster: ClusterId,
    sealed_password: &[u8],
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let sql = "with begun as (
            insert into tenants (id, status, cluster_id, database_name, role_name, sealed_password,
                status_changed_at, created_at, updated_at)
            values ($1, 'provisioning', $2, $3, $3, $4, $5, $5, $5)
        )
        insert into tenant_transitions (tenant_id, to_status, at) values ($1, 'provisioning', $5)";
    let name = database_name(tenant);
    let parameters: [catalog::Parameter<'_>; 5] = [
        &tenant.uuid(),
        &cluster.uuid(),
        &name,
        &sealed_password,
        &now,
    ];
    catalog::execute(client, sql, &parameters).await?;
    Ok(())
}

/// Half-built → spare; false when the row is not half-built any more.
pub(super) async fn finished(
    client: &impl GenericClient,
    tenant: TenantId,
    schema_version: &str,
    now: DateTime<Utc>,
) -> Result<bool, Error> {
    let change = Change {
        set: "schema_version = $6, schema_checked_at = $4",
        guard: NOBODYS,
        parameters: &[&schema_version],
        ..Change::new(tenant, Transition::Built)
    };
    Ok(change.apply(client, now).await?.is_some())
}

/// Half-built → failed, for the sweeper to remove.
pub(super) async fn failed(
    client: &impl GenericClient,
    tenant: TenantId,
    error: &str,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let change = Change {
        reason: Some(error),
        set: "last_error = $6",
        guard: NOBODYS,
        parameters: &[&error],
        ..Change::new(tenant, Transition::BuildFailed)
    };
    change.apply(client, now).await.map(drop)
}

/// Builds that run, died or failed, tenants whose database is to be dropped, and spares on clusters that take no
/// tenants any more; oldest first.
pub(crate) async fn leftovers(
    client: &impl GenericClient,
    limit: i64,
) -> Result<Vec<(TenantId, ClusterId)>, Error> {
    let sql = "select t.id, t.cluster_id from tenants t join clusters c on c.id = t.cluster_id
        where t.subdomain is null
            and (t.status in ('provisioning', 'failed', 'deleting') or t.status = 'spare' and not c.open_for_placement)
        order by t.status_changed_at limit $1";
    let rows = catalog::rows(client, sql, &[&limit]).await?;
    rows.iter()
        .map(|row| {
            let tenant: uuid::Uuid = row.try_get("id")?;
            let cluster: uuid::Uuid = row.try_get("cluster_id")?;
            Ok((tenant.into(), cluster.into()))
        })
        .collect()
}

/// Leftover → deleting; false when the row is no leftover.
pub(super) async fn condemned(
    client: &impl GenericClient,
    tenant: TenantId,
    now: DateTime<Utc>,
) -> Result<bool, Error> {
    let change = Change {
        guard: "subdomain is null and (status <> 'spare'
            or exists (select from clusters where id = cluster_id and not open_for_placement))",
        ..Change::new(tenant, Transition::Condemn)
    };
    if change.apply(client, now).await?.is_some() {
        return Ok(true);
    }
    let sql = "select from tenants where id = $1 and status = 'deleting' and subdomain is null";
    Ok(catalog::row(client, sql, &[&tenant.uuid()])
        .await?
        .is_some())
}

/// Deleting → deleted, once nothing is left on the cluster. What never belonged to anyone leaves no row.
pub(super) async fn gone(
    client: &impl GenericClient,
    tenant: TenantId,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let sql = "delete from tenants
        where id = $1 and status = 'deleting' and subdomain is null and name is null";
    if catalog::execute(client, sql, &[&tenant.uuid()]).await? == 1 {
        return Ok(());
    }
    let change = Change {
        set: "name = null, sealed_password = null",
        guard: NOBODYS,
        ..Change::new(tenant, Transition::Erase)
    };
    change.apply(client, now).await.map(drop)
}
