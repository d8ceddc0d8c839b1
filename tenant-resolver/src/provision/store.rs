//! The journal of builds and removals: rows of `tenants` that no subdomain points to.

use chrono::{DateTime, Utc};
use deadpool_postgres::GenericClient;
use kernel::{ClusterId, SealKey, TenantId};
use secrecy::{ExposeSecret, SecretString};
use tokio_postgres::Row;

use super::session::database_name;
use crate::catalog;
use crate::error::Error;

/// What is ready or being made, on clusters that take new tenants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stock {
    pub(crate) spares: i64,
    pub(crate) half_built: i64,
}

impl Stock {
    /// Whether another spare should be made, those under way counted in.
    pub(crate) fn is_short_of(self, wanted: u32) -> bool {
        self.spares + self.half_built < i64::from(wanted)
    }

    /// Tells the metrics.
    pub(crate) fn report(self) {
        let spares = u32::try_from(self.spares).unwrap_or(u32::MAX);
        metrics::gauge!("resolver_spares_available").set(f64::from(spares));
    }
}

/// A tenant's row that is not a spare yet.
pub(crate) struct HalfBuilt {
    pub(crate) id: TenantId,
    pub(crate) cluster: ClusterId,
    pub(crate) password: SecretString,
}

/// What password seals are bound to: a seal copied to another tenant's row does not open.
pub(crate) fn seal_context(tenant: TenantId) -> Vec<u8> {
    format!("tenant:{tenant}").into_bytes()
}

impl HalfBuilt {
    /// The first entry of the journal. The password is settled here, so that a repeated build gives the role the same.
    pub(super) async fn insert(
        &self,
        client: &impl GenericClient,
        seal: &SealKey,
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        let password = self.password.expose_secret().as_bytes();
        let sealed = seal.seal(password, &seal_context(self.id))?;
        let name = database_name(self.id);
        let sql = "insert into tenants (id, status, cluster_id, database_name, role_name, sealed_password,
                status_changed_at, created_at, updated_at)
            values ($1, 'provisioning', $2, $3, $3, $4, $5, $5, $5)";
        let parameters: [catalog::Parameter<'_>; 5] =
            [&self.id.uuid(), &self.cluster.uuid(), &name, &sealed, &now];
        catalog::execute(client, sql, &parameters).await?;
        Ok(())
    }

    fn read(row: &Row, seal: &SealKey) -> Result<Self, Error> {
        let id = TenantId::from(row.try_get::<_, uuid::Uuid>("id")?);
        let sealed: Vec<u8> = row.try_get("sealed_password")?;
        Ok(Self {
            id,
            cluster: row.try_get::<_, uuid::Uuid>("cluster_id")?.into(),
            password: open_password(seal, id, &sealed)?,
        })
    }
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

/// Builds that are running or died, oldest first.
pub(crate) async fn half_built(
    client: &impl GenericClient,
    seal: &SealKey,
    limit: i64,
) -> Result<Vec<HalfBuilt>, Error> {
    let sql = "select id, cluster_id, sealed_password from tenants
        where status = 'provisioning' and subdomain is null order by status_changed_at limit $1";
    let rows = catalog::rows(client, sql, &[&limit]).await?;
    rows.iter().map(|row| HalfBuilt::read(row, seal)).collect()
}

/// Whether the row still waits for its build to end.
pub(super) async fn is_half_built(
    client: &impl GenericClient,
    tenant: TenantId,
) -> Result<bool, Error> {
    let sql = "select from tenants where id = $1 and status = 'provisioning' and subdomain is null";
    Ok(catalog::row(client, sql, &[&tenant.uuid()])
        .await?
        .is_some())
}

/// Tenants whose database is to be dropped, oldest first.
pub(crate) async fn abandoned(
    client: &impl GenericClient,
    limit: i64,
) -> Result<Vec<(TenantId, ClusterId)>, Error> {
    let sql = "select id, cluster_id from tenants
        where status = 'deleting' and subdomain is null order by status_changed_at limit $1";
    let rows = catalog::rows(client, sql, &[&limit]).await?;
    rows.iter()
        .map(|row| {
            let tenant: uuid::Uuid = row.try_get("id")?;
            let cluster: uuid::Uuid = row.try_get("cluster_id")?;
            Ok((tenant.into(), cluster.into()))
        })
        .collect()
}

/// Half-built → spare; false when the row is not half-built any more.
pub(super) async fn finished(
    client: &impl GenericClient,
    tenant: TenantId,
    schema_version: &str,
    now: DateTime<Utc>,
) -> Result<bool, Error> {
    let sql = "update tenants set status = 'spare', schema_version = $2, schema_checked_at = $3, last_error = null,
            status_changed_at = $3, updated_at = $3
        where id = $1 and status = 'provisioning' and subdomain is null";
    let changed = catalog::execute(client, sql, &[&tenant.uuid(), &schema_version, &now]).await?;
    Ok(changed == 1)
}

/// Notes why a step failed, for the operator; the row keeps its state.
pub(super) async fn failed(
    client: &impl GenericClient,
    tenant: TenantId,
    error: &str,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let sql = "update tenants set last_error = $2, updated_at = $3 where id = $1";
    catalog::execute(client, sql, &[&tenant.uuid(), &error, &now]).await?;
    Ok(())
}

/// Half-built → deleting; false when the row is not half-built any more.
pub(super) async fn discarded(
    client: &impl GenericClient,
    tenant: TenantId,
    now: DateTime<Utc>,
) -> Result<bool, Error> {
    let sql = "update tenants set status = 'deleting', status_changed_at = $2, updated_at = $2
        where id = $1 and status = 'provisioning' and subdomain is null";
    Ok(catalog::execute(client, sql, &[&tenant.uuid(), &now]).await? == 1)
}

/// Deleting → deleted, once nothing is left on the cluster.
pub(super) async fn deleted(
    client: &impl GenericClient,
    tenant: TenantId,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let sql = "update tenants set status = 'deleted', sealed_password = null, last_error = null,
            status_changed_at = $2, updated_at = $2
        where id = $1 and status = 'deleting' and subdomain is null";
    catalog::execute(client, sql, &[&tenant.uuid(), &now]).await?;
    Ok(())
}
