//! Queries of the lookups.

use chrono::{DateTime, Utc};
use deadpool_postgres::GenericClient;
use kernel::{ClusterId, Subdomain, TenantId};
use tokio_postgres::Row;

use crate::catalog;
use crate::error::Error;
use crate::limits::Limits;
use crate::status::Status;

/// What callers may know of a tenant.
pub(super) struct Tenant {
    pub(super) id: TenantId,
    pub(super) subdomain: String,
    pub(super) name: String,
    pub(super) status: Status,
    pub(super) generation: i32,
    pub(super) limits: Limits,
    pub(super) cluster: String,
    pub(super) held_until: Option<DateTime<Utc>>,
    pub(super) deletes_at: Option<DateTime<Utc>>,
}

/// Where a tenant's database is and how to log in.
pub(super) struct Connection {
    pub(super) status: Status,
    pub(super) generation: i32,
    pub(super) cluster: ClusterId,
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) database: String,
    pub(super) role: String,
    pub(super) sealed_password: Option<Vec<u8>>,
    pub(super) schema_version: Option<String>,
    pub(super) connection_budget: u32,
    pub(super) limits: Limits,
}

/// Columns of [`Tenant`], of `t` and its cluster `c`.
const COLUMNS: &str =
    "t.id, t.subdomain, t.name, t.status, t.generation, t.limits, c.name as cluster, t.held_until,
    t.deletes_at";

/// By its present subdomain, else by a former one that is not released. Tenants on their way out only `with_deleting`.
pub(super) async fn by_subdomain(
    client: &impl GenericClient,
    subdomain: &Subdomain,
    with_deleting: bool,
) -> Result<Option<Tenant>, Error> {
    let sql = by_subdomain_sql();
    let row = catalog::row(client, &sql, &[&subdomain.as_str(), &with_deleting]).await?;
    row.as_ref().map(Tenant::read).transpose()
}

fn by_subdomain_sql() -> String {
    format!(
        "select {COLUMNS} from tenants t join clusters c on c.id = t.cluster_id
        where t.subdomain = $1 and ($2 or t.status <> 'deleting')
        union all
        select {COLUMNS} from subdomain_aliases a
            join tenants t on t.id = a.tenant_id join clusters c on c.id = t.cluster_id
        where a.subdomain = $1 and a.released_at is null and t.subdomain is not null
            and ($2 or t.status <> 'deleting')
        limit 1"
    )
}

/// By id.
pub(super) async fn by_id(
    client: &impl GenericClient,
    id: TenantId,
    with_deleting: bool,
) -> Result<Option<Tenant>, Error> {
    let sql = by_id_sql();
    let row = catalog::row(client, &sql, &[&id.uuid(), &with_deleting]).await?;
    row.as_ref().map(Tenant::read).transpose()
}

fn by_id_sql() -> String {
    format!(
        "select {COLUMNS} from tenants t join clusters c on c.id = t.cluster_id
        where t.id = $1 and t.subdomain is not null and ($2 or t.status <> 'deleting')"
    )
}

/// Active tenants in the order of their ids, after the one given.
pub(super) async fn active(
    client: &impl GenericClient,
    after: Option<TenantId>,
    limit: i64,
) -> Result<Vec<Tenant>, Error> {
    let sql = format!(
        "select {COLUMNS} from tenants t join clusters c on c.id = t.cluster_id
        where t.status = 'active' and t.id > $1 order by t.id limit $2"
    );
    let after = after.map_or(uuid::Uuid::nil(), TenantId::uuid);
    let rows = catalog::rows(client, &sql, &[&after, &limit]).await?;
    rows.iter().map(Tenant::read).collect()
}

/// The way to a tenant's database, whatever its status.
pub(super) async fn connection(
    client: &impl GenericClient,
    id: TenantId,
) -> Result<Option<Connection>, Error> {
    let sql =
        "select t.status, t.generation, t.cluster_id, c.host, c.port, t.database_name, t.role_name,
            t.sealed_password, t.schema_version, c.connection_budget, t.limits
        from tenants t join clusters c on c.id = t.cluster_id
        where t.id = $1 and t.subdomain is not null";
    let row = catalog::row(client, sql, &[&id.uuid()]).await?;
    row.as_ref().map(Connection::read).transpose()
}

impl Tenant {
    fn read(row: &Row) -> Result<Self, Error> {
        Ok(Self {
            id: row.try_get::<_, uuid::Uuid>("id")?.into(),
            subdomain: row.try_get("subdomain")?,
            name: row.try_get("name")?,
            status: Status::read(row.try_get("status")?)?,
            generation: row.try_get("generation")?,
            limits: Limits::read(row)?,
            cluster: row.try_get("cluster")?,
            held_until: row.try_get("held_until")?,
            deletes_at: row.try_get("deletes_at")?,
        })
    }
}

impl Connection {
    fn read(row: &Row) -> Result<Self, Error> {
        let port: i32 = row.try_get("port")?;
        let budget: i32 = row.try_get("connection_budget")?;
        Ok(Self {
            status: Status::read(row.try_get("status")?)?,
            generation: row.try_get("generation")?,
            cluster: row.try_get::<_, uuid::Uuid>("cluster_id")?.into(),
            host: row.try_get("host")?,
            port: u16::try_from(port).map_err(|_out_of_range| Error::Malformed("port"))?,
            database: row.try_get("database_name")?,
            role: row.try_get("role_name")?,
            sealed_password: row.try_get("sealed_password")?,
            schema_version: row.try_get("schema_version")?,
            connection_budget: u32::try_from(budget)
                .map_err(|_negative| Error::Malformed("connection budget"))?,
            limits: Limits::read(row)?,
        })
    }
}
