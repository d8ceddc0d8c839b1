//! The journal of builds and removals: rows of `tenants` that no subdomain points to.

use chrono::{DateTime, Utc};
use deadpool_postgres::GenericClient;
use kernel::{ClusterId, SealKey, TenantId};
use secrecy::{ExposeSecret, SecretString};

use super::session::database_name;
use crate::catalog;
use crate::error::Error;

/// What is ready or being made, on clusters that take new tenants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stock {
    spares: i64,
    half_built: i64,
}

impl Stock {
    /// Whether another spare should be made. Half-built ones count: when builds fail they must not pile up.
    pub(crate) fn is_short_of(self, wanted: u32) -> bool {
        self.spares + self.half_built < i64::from(wanted)
    }

    /// Tells the metrics.
    pub(crate) fn report(self) {
        let spares = u32::try_from(self.spares).unwrap_or(u32::MAX);
        metrics::gauge!("resolver_spares_available").set(f64::from(spares));
    }
}

/// What a password's seal is bound to: copied to another tenant's row it does not open.
fn seal_context(tenant: TenantId) -> Vec<u8> {
    format!("tenant:{tenant}").into_bytes()
}

/// Seals a tenant's password.
pub(super) fn seal_password(
    seal: &SealKey,
    tenant: TenantId,
    password: &SecretString,
) -> Result<Vec<u8>, Error> {
    let password = password.expose_secret().as_bytes();
    Ok(seal.seal(password, &seal_context(tenant))?)
}

/// Opens a tenant's password.
pub(crate) fn open_password(
    seal: &SealKey,
    tenant: TenantId,
    sealed: &[u8],
) -> Result<SecretString, Error> {
    let password = seal.open(sealed, &seal_context(tenant))?;
    let password = String::from_utf8(password).map_err(|_not_text| Error::Malformed("password"))?;
    Ok(password.into())
}

/// Counts what is ready and what is being made.
pub(crate) async fn stock(client: &impl GenericClient) -> Result<Stock, Error> {
    let sql = "select count(*) filter (where t.status = 'spare') as spares,
            count(*) filter (where t.status = 'provisioning') as half_built
        from tenants t join clusters c on c.id = t.cluster_id
        where t.status in ('spare', 'provisioning') and t.subdomain is null and c.open_for_placement";
    let row = catalog::row(client, sql, &[]).await?;
    let row = row.ok_or(Error::Malformed("stock"))?;
    Ok(Stock {
        spares: row.try_get("spares")?,
        half_built: row.try_get("half_built")?,
    })
}

/// The first entry of the journal: a half-built spare.
pub(super) async fn begun(
    client: &impl GenericClient,
    tenant: TenantId,
    cluster: ClusterId,
    sealed_password: &[u8],
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let sql =
        "insert into tenants (id, status, cluster_id, database_name, role_name, sealed_password,
            status_changed_at, created_at, updated_at)
        values ($1, 'provisioning', $2, $3, $3, $4, $5, $5, $5)";
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
    let sql = "update tenants set status = 'spare', schema_version = $2, schema_checked_at = $3,
            status_changed_at = $3, updated_at = $3
        where id = $1 and status = 'provisioning' and subdomain is null";
    let changed = catalog::execute(client, sql, &[&tenant.uuid(), &schema_version, &now]).await?;
    Ok(changed == 1)
}

/// Builds that run or died, and tenants whose database is to be dropped; oldest first.
pub(crate) async fn leftovers(
    client: &impl GenericClient,
    limit: i64,
) -> Result<Vec<(TenantId, ClusterId)>, Error> {
    let sql = "select id, cluster_id from tenants
        where status in ('provisioning', 'deleting') and subdomain is null order by status_changed_at limit $1";
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
    let sql = "update tenants set status = 'deleting', status_changed_at = $2, updated_at = $2
        where id = $1 and status in ('provisioning', 'deleting') and subdomain is null";
    Ok(catalog::execute(client, sql, &[&tenant.uuid(), &now]).await? == 1)
}

/// Deleting → deleted, once nothing is left on the cluster. What never belonged to anyone leaves no record.
pub(super) async fn gone(
    client: &impl GenericClient,
    tenant: TenantId,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let sql = "with never_claimed as (
            delete from tenants where id = $1 and status = 'deleting' and subdomain is null and name is null
        )
        update tenants set status = 'deleted', sealed_password = null, status_changed_at = $2, updated_at = $2
        where id = $1 and status = 'deleting' and subdomain is null and name is not null";
    catalog::execute(client, sql, &[&tenant.uuid(), &now]).await?;
    Ok(())
}
