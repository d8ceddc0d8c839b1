//! The catalog database as the migrator uses it: clusters, the fleet, and the history of runs.

use chrono::{DateTime, Utc};
use deadpool_postgres::{Manager, ManagerConfig, Object, Pool, RecyclingMethod};
use kernel::TenantId;
use serde::Serialize;
use tokio_postgres::error::SqlState;
use tokio_postgres::{NoTls, Row};
use uuid::Uuid;

use crate::address::Address;

/// Results are written by as many workers as finish at once; few are enough.
const CONNECTIONS: usize = 4;

/// A connection pool on the catalog.
#[derive(Clone, Debug)]
pub struct Registry {
    pool: Pool,
}

/// Why the catalog did not answer.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// Nobody made it yet.
    #[error("there is no catalog yet: run `migrator init`, then `migrator up`")]
    Missing,
    /// No connection.
    #[error("connect to the catalog")]
    Connect(#[from] deadpool_postgres::PoolError),
    /// No pool.
    #[error("prepare the catalog's connections")]
    Pool(#[from] deadpool_postgres::BuildError),
    /// A query failed.
    #[error("ask the catalog")]
    Query(#[from] tokio_postgres::Error),
}

/// A PostgreSQL server that holds tenant databases.
#[derive(Clone, Debug)]
pub struct Cluster {
    /// Its name.
    pub name: String,
    /// Where it is.
    pub host: String,
    /// Where it is.
    pub port: u16,
    /// The database that new ones are copied from.
    pub template: String,
}

/// A tenant database as the catalog knows it, spares included.
#[derive(Clone, Debug, Serialize)]
pub struct Tenant {
    /// Its id.
    pub id: TenantId,
    /// The name it answers to; none for a spare.
    pub subdomain: Option<String>,
    /// The organization's name.
    pub name: Option<String>,
    /// The state of its life.
    pub status: String,
    /// The server it lives on.
    pub cluster: String,
    /// Its database there.
    pub database: String,
    /// The version it was last seen at.
    pub schema_version: Option<String>,
    /// When that was.
    pub schema_checked_at: Option<DateTime<Utc>>,
    /// Why it is not further.
    pub last_error: Option<String>,
    /// When its row was made.
    pub created_at: DateTime<Utc>,
}

impl Tenant {
    /// Made ahead of need, not given to anyone.
    pub fn is_spare(&self) -> bool {
        self.subdomain.is_none()
    }
}

/// What became of one database in a run.
#[derive(Clone, Debug)]
pub struct Record<'a> {
    /// The run.
    pub run: Uuid,
    /// The server's name.
    pub cluster: &'a str,
    /// The database.
    pub database: &'a str,
    /// The version before.
    pub from: Option<&'a str>,
    /// The version it really stands at now.
    pub to: Option<&'a str>,
    /// `migrated`, `unchanged` or `failed`.
    pub outcome: &'a str,
    /// Why it failed.
    pub error: Option<&'a str>,
    /// How long it took.
    pub duration_ms: i64,
    /// When it ended.
    pub at: DateTime<Utc>,
}

const TENANTS: &str = "select t.id, t.subdomain, t.name, t.status, c.name as cluster, t.database_name,
    t.schema_version, t.schema_checked_at, t.last_error, t.created_at
    from tenants t join clusters c on c.id = t.cluster_id
    where t.status not in ('deleting', 'deleted') order by t.subdomain is not null, t.created_at, t.id";

impl Registry {
    /// Connects, and makes sure that there is a catalog.
    pub async fn open(address: &Address) -> Result<Self, RegistryError> {
        let recycling_method = RecyclingMethod::Fast;
        let manager = Manager::from_config(
            address.config().clone(),
            NoTls,
            ManagerConfig { recycling_method },
        );
        let pool = Pool::builder(manager).max_size(CONNECTIONS).build()?;
        let registry = Self { pool };
        let probe = "select to_regclass('leases') is not null";
        let ready: bool = match registry.connection().await {
            Ok(connection) => connection.query_one(probe, &[]).await?.try_get(0)?,
            Err(RegistryError::Connect(deadpool_postgres::PoolError::Backend(error)))
                if error.code() == Some(&SqlState::INVALID_CATALOG_NAME) =>
            {
                false
            }
            Err(error) => return Err(error),
        };
        ready.then_some(registry).ok_or(RegistryError::Missing)
    }

    /// One of the pool's connections.
    pub async fn connection(&self) -> Result<Object, RegistryError> {
        Ok(self.pool.get().await?)
    }

    /// Every server, by name.
    pub async fn clusters(&self) -> Result<Vec<Cluster>, RegistryError> {
        let sql = "select name, host, port, template_database from clusters order by name";
        let rows = self.connection().await?.query(sql, &[]).await?;
        rows.iter().map(cluster).collect()
    }

    /// The whole fleet, spares first: the order in which it is migrated.
    pub async fn tenants(&self) -> Result<Vec<Tenant>, RegistryError> {
        let rows = self.connection().await?.query(TENANTS, &[]).await?;
        rows.iter().map(tenant).collect()
    }

    /// Notes what a tenant's database was found at.
    pub async fn note_version(
        &self,
        tenant: TenantId,
        version: Option<&str>,
        error: Option<&str>,
        at: DateTime<Utc>,
    ) -> Result<(), RegistryError> {
        let sql = "update tenants set schema_version = $2, last_error = $3, schema_checked_at = $4, updated_at = $4
            where id = $1";
        let connection = self.connection().await?;
        connection
            .execute(sql, &[&tenant.uuid(), &version, &error, &at])
            .await?;
        Ok(())
    }

    /// Opens a run's record.
    pub async fn start_run(
        &self,
        run: Uuid,
        holder: &str,
        arguments: &serde_json::Value,
        at: DateTime<Utc>,
    ) -> Result<(), RegistryError> {
        let sql = "insert into migration_runs (id, started_at, holder, arguments) values ($1, $2, $3, $4)";
        let connection = self.connection().await?;
        connection
            .execute(sql, &[&run, &at, &holder, arguments])
            .await?;
        Ok(())
    }

    /// Closes a run's record.
    pub async fn finish_run(
        &self,
        run: Uuid,
        outcome: &str,
        at: DateTime<Utc>,
    ) -> Result<(), RegistryError> {
        let sql = "update migration_runs set outcome = $2, finished_at = $3 where id = $1";
        let connection = self.connection().await?;
        connection.execute(sql, &[&run, &outcome, &at]).await?;
        Ok(())
    }

    /// Adds one database's result to its run.
    pub async fn record(&self, record: &Record<'_>) -> Result<(), RegistryError> {
        let sql = "insert into migration_results
            (run_id, cluster, database_name, from_version, to_version, outcome, error, duration_ms, finished_at)
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
        let connection = self.connection().await?;
        let values: [&(dyn tokio_postgres::types::ToSql + Sync); 9] = [
            &record.run,
            &record.cluster,
            &record.database,
            &record.from,
            &record.to,
            &record.outcome,
            &record.error,
            &record.duration_ms,
            &record.at,
        ];
        connection.execute(sql, &values).await?;
        Ok(())
    }
}

fn cluster(row: &Row) -> Result<Cluster, RegistryError> {
    Ok(Cluster {
        name: row.try_get("name")?,
        host: row.try_get("host")?,
        // The table's check keeps it in range.
        port: u16::try_from(row.try_get::<_, i32>("port")?).unwrap_or_default(),
        template: row.try_get("template_database")?,
    })
}

fn tenant(row: &Row) -> Result<Tenant, RegistryError> {
    Ok(Tenant {
        id: row.try_get::<_, Uuid>("id")?.into(),
        subdomain: row.try_get("subdomain")?,
        name: row.try_get("name")?,
        status: row.try_get("status")?,
        cluster: row.try_get("cluster")?,
        database: row.try_get("database_name")?,
        schema_version: row.try_get("schema_version")?,
        schema_checked_at: row.try_get("schema_checked_at")?,
        last_error: row.try_get("last_error")?,
        created_at: row.try_get("created_at")?,
    })
}
