//! PostgreSQL servers that hold tenants: which there are, making one ready, emptying one.

mod add;
pub mod drain;

use kernel::ClusterId;
use serde::Serialize;
use tokio_postgres::Row;

use crate::registry::{Registry, RegistryError};
use crate::tenants::{Error, Operator};

pub use add::{Added, Addition, add};

/// A server as the catalog knows it.
#[derive(Clone, Debug, Serialize)]
pub struct Place {
    /// Its id.
    pub id: ClusterId,
    /// Its name.
    pub name: String,
    /// Where it is.
    pub host: String,
    /// Where it is.
    pub port: u16,
    /// The database that tenants are copied from.
    pub template: String,
    /// Connections that all processes together may have there.
    pub budget: i32,
    /// Whether new tenants are placed there.
    pub open: bool,
    /// Tenants that live there.
    pub tenants: i64,
    /// Databases made ahead of need.
    pub spares: i64,
}

const PLACES: &str = "select c.id, c.name, c.host, c.port, c.template_database, c.connection_budget, c.open_for_placement,
        count(t.id) filter (where t.subdomain is not null) as tenants,
        count(t.id) filter (where t.status = 'spare') as spares
    from clusters c left join tenants t on t.cluster_id = c.id and t.status <> 'deleted'
    group by c.id order by c.name";

/// Every server, by name.
pub async fn list(registry: &Registry) -> Result<Vec<Place>, RegistryError> {
    let rows = registry.connection().await?.query(PLACES, &[]).await?;
    rows.iter().map(place).collect()
}

/// The server of that name.
pub async fn find(registry: &Registry, name: &str) -> Result<Place, Error> {
    let mut places = list(registry).await?;
    places.retain(|place| place.name == name);
    places
        .pop()
        .ok_or_else(|| Error::UnknownCluster(name.to_owned()))
}

/// Lets new tenants onto a server, or keeps them off.
pub async fn set_open(registry: &Registry, name: &str, open: bool) -> Result<Place, Error> {
    let sql = "update clusters set open_for_placement = $2 where name = $1";
    change(registry, name, sql, &open).await
}

/// Other number of connections for all processes together.
pub async fn set_budget(registry: &Registry, name: &str, budget: i32) -> Result<Place, Error> {
    let sql = "update clusters set connection_budget = $2 where name = $1";
    change(registry, name, sql, &budget).await
}

async fn change(
    registry: &Registry,
    name: &str,
    sql: &str,
    value: &(dyn tokio_postgres::types::ToSql + Sync),
) -> Result<Place, Error> {
    let connection = registry.connection().await?;
    connection
        .execute(sql, &[&name, value])
        .await
        .map_err(Error::sql("change the cluster"))?;
    find(registry, name).await
}

/// What a server says of itself.
#[derive(Clone, Debug, Serialize)]
pub struct Answer {
    /// Its version.
    pub version: String,
    /// The most connections it takes.
    pub max_connections: i32,
    /// Those it has now.
    pub connections: i64,
    /// `logical` where tenants can move from.
    pub wal_level: String,
}

/// Asks a server how it is.
pub async fn ask(operator: &Operator, place: &Place) -> Result<Answer, Error> {
    let client = operator.server(place).await?;
    let sql = "select current_setting('server_version'), current_setting('max_connections')::integer,
        (select count(*) from pg_stat_activity where backend_type = 'client backend'), current_setting('wal_level')";
    let row = client.query_one(sql, &[]).await;
    let row = row.map_err(Error::sql("ask the cluster"))?;
    let read = || -> Result<Answer, tokio_postgres::Error> {
        Ok(Answer {
            version: row.try_get(0)?,
            max_connections: row.try_get(1)?,
            connections: row.try_get(2)?,
            wal_level: row.try_get(3)?,
        })
    };
    read().map_err(Error::sql("ask the cluster"))
}

fn place(row: &Row) -> Result<Place, RegistryError> {
    Ok(Place {
        id: row.try_get::<_, uuid::Uuid>("id")?.into(),
        name: row.try_get("name")?,
        host: row.try_get("host")?,
        // The table's check keeps it in range.
        port: u16::try_from(row.try_get::<_, i32>("port")?).unwrap_or_default(),
        template: row.try_get("template_database")?,
        budget: row.try_get("connection_budget")?,
        open: row.try_get("open_for_placement")?,
        tenants: row.try_get("tenants")?,
        spares: row.try_get("spares")?,
    })
}
