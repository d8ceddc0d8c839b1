//! The catalog database as the migrator uses it: clusters, the fleet, and the history of runs.

use chrono::{DateTime, Utc};
use deadpool_postgres::{Manager, ManagerConfig, Object, Pool, RecyclingMethod};
use kernel::TenantId;
use serde::Serialize;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::ToSql;
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
    Query(#[source] tokio_postgres::Error),
    /// A table or column is not there yet.
    #[error("the catalog is older than this program: run `migrator up --database catalog`")]
    Behind(#[source] tokio_postgres::Error),
    /// Results were lost on their way to the catalog; the databases themselves tell the truth.
    #[error("write the results of the run: ask for them with `migrator status --verify`")]
    Unwritten,
}

impl From<tokio_postgres::Error> for RegistryError {
    fn from(error: tokio_postgres::Error) -> Self {
        let code = error.code();
        let missing =
            code == Some(&SqlState::UNDEFINED_COLUMN) || code == Some(&SqlState::UNDEFINED_TABLE);
        match missing {
            true => Self::Behind(error),
            false => Self::Query(error),
        }
    }
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
    /// Connections that the services may have to it, all together.
    pub budget: i32,
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
    /// The role that its services connect as.
    pub role: String,
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
pub struct Record {
    /// The run.
    pub run: Uuid,
    /// The server's name.
    pub cluster: String,
    /// The database.
    pub database: String,
    /// The part of the run it belonged to.
    pub wave: &'static str,
    /// The version before.
    pub from: Option<String>,
    /// The version it really stands at now.
    pub to: Option<String>,
    /// `migrated`, `unchanged` or `failed`.
    pub outcome: &'static str,
    /// Why it failed.
    pub error: Option<String>,
    /// How long it took.
    pub duration_ms: i64,
    /// When it ended.
    pub at: DateTime<Utc>,
}

/// What a tenant's database was found at.
#[derive(Clone, Debug)]
pub struct Note {
    /// The tenant.
    pub tenant: TenantId,
    /// Its version; none when empty.
    pub version: Option<String>,
    /// Why it is not further, or could not be asked.
    pub error: Option<String>,
    /// When.
    pub at: DateTime<Utc>,
}

/// A run as it begins.
#[derive(Clone, Debug)]
pub struct RunStart<'a> {
    /// Its id.
    pub id: Uuid,
    /// Who runs it.
    pub holder: &'a str,
    /// What was typed.
    pub arguments: &'a serde_json::Value,
    /// The run it goes on with.
    pub resumes: Option<Uuid>,
    /// When.
    pub at: DateTime<Utc>,
}

/// The newest run.
#[derive(Clone, Debug)]
pub struct LastRun {
    /// Its id.
    pub id: Uuid,
    /// What was typed.
    pub arguments: serde_json::Value,
    /// How it ended; none when it never did.
    pub outcome: Option<String>,
}

const TENANTS: &str =
    "select t.id, t.subdomain, t.name, t.status, c.name as cluster, t.database_name,
    t.role_name, t.schema_version, t.schema_checked_at, t.last_error, t.created_at
    from tenants t join clusters c on c.id = t.cluster_id
    where t.status <> 'deleted' order by t.subdomain is not null, t.created_at, t.id";

const WRITE: &str = "with noted as (
        update tenants set schema_version = n.version, last_error = n.error, schema_checked_at = n.at, updated_at = n.at
        from unnest($1::uuid[], $2::text[], $3::text[], $4::timestamptz[]) n (id, version, error, at)
        where tenants.id = n.id)
    insert into migration_results
        (run_id, cluster, database_name, wave, from_version, to_version, outcome, error, duration_ms, finished_at)
    select * from unnest($5::uuid[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[], $11::text[],
        $12::text[], $13::bigint[], $14::timestamptz[])";

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
        let sql = "select name, host, port, template_database, connection_budget from clusters order by name";
        let rows = self.connection().await?.query(sql, &[]).await?;
        rows.iter().map(cluster).collect()
    }

    /// The whole fleet, spares first: the order in which it is migrated.
    pub async fn tenants(&self) -> Result<Vec<Tenant>, RegistryError> {
        let rows = self.connection().await?.query(TENANTS, &[]).await?;
        rows.iter().map(tenant).collect()
    }

    /// Opens a run's record. A run that never ended was killed, for only the holder of the lease gets here.
    pub async fn start_run(&self, run: &RunStart<'_>) -> Result<(), RegistryError> {
        let mut connection = self.connection().await?;
        let transaction = connection.transaction().await?;
        let killed =
            "update migration_runs set outcome = 'aborted', finished_at = $1 where outcome is null";
        transaction.execute(killed, &[&run.at]).await?;
        let begin = "insert into migration_runs (id, started_at, holder, arguments, resumes) values ($1, $2, $3, $4, $5)";
        let values: [&(dyn ToSql + Sync); 5] =
            [&run.id, &run.at, &run.holder, run.arguments, &run.resumes];
        transaction.execute(begin, &values).await?;
        Ok(transaction.commit().await?)
    }

    /// Closes a run's record; `halted_in` is the wave that had too many failures.
    pub async fn finish_run(
        &self,
        run: Uuid,
        outcome: &str,
        halted_in: Option<&str>,
        at: DateTime<Utc>,
    ) -> Result<(), RegistryError> {
        let sql = "update migration_runs set outcome = $2, halted_in = $3, finished_at = $4 where id = $1";
        let connection = self.connection().await?;
        connection
            .execute(sql, &[&run, &outcome, &halted_in, &at])
            .await?;
        Ok(())
    }

    /// The run that began last.
    pub async fn last_run(&self) -> Result<Option<LastRun>, RegistryError> {
        let sql =
            "select id, arguments, outcome from migration_runs order by started_at desc limit 1";
        let row = self.connection().await?.query_opt(sql, &[]).await?;
        row.map(|row| {
            Ok(LastRun {
                id: row.try_get("id")?,
                arguments: row.try_get("arguments")?,
                outcome: row.try_get("outcome")?,
            })
        })
        .transpose()
    }

    /// Writes results and what they tell about tenants, all in one statement.
    pub async fn write(&self, records: &[Record], notes: &[Note]) -> Result<(), RegistryError> {
        fn column<'a, R, T>(rows: &'a [R], value: impl Fn(&'a R) -> T) -> Vec<T> {
            rows.iter().map(value).collect()
        }
        let values: [&(dyn ToSql + Sync); 14] = [
            &column(notes, |note| note.tenant.uuid()),
            &column(notes, |note| note.version.as_deref()),
            &column(notes, |note| note.error.as_deref()),
            &column(notes, |note| note.at),
            &column(records, |record| record.run),
            &column(records, |record| record.cluster.as_str()),
            &column(records, |record| record.database.as_str()),
            &column(records, |record| record.wave),
            &column(records, |record| record.from.as_deref()),
            &column(records, |record| record.to.as_deref()),
            &column(records, |record| record.outcome),
            &column(records, |record| record.error.as_deref()),
            &column(records, |record| record.duration_ms),
            &column(records, |record| record.at),
        ];
        self.connection().await?.execute(WRITE, &values).await?;
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
        budget: row.try_get("connection_budget")?,
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
        role: row.try_get("role_name")?,
        schema_version: row.try_get("schema_version")?,
        schema_checked_at: row.try_get("schema_checked_at")?,
        last_error: row.try_get("last_error")?,
        created_at: row.try_get("created_at")?,
    })
}
