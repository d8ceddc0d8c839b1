//! One database moved from a version to another, through sea-orm-migration.
//!
//! A [`Session`] holds the database's advisory lock for as long as it lives. Before any step the
//! recorded steps must be a prefix of ours, each with our checksum; a step and its record commit together.

use std::time::Duration;

use async_trait::async_trait;
use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend, DbErr, Statement,
};
use sea_orm_migration::{MigrationName, MigrationTrait, MigratorTraitSelf, SchemaManager};
use tokio::time::Instant;

use crate::address::Address;
use crate::error::{Error, sql_state};
use crate::schema::{Migration, Schema};

/// Advisory lock of a database under migration; such locks are per database, so one key serves all.
const LOCK_KEY: i64 = 0x7465_6e61_6e74_7279;
/// Another session's step may take this long before we give up on the database.
const LOCK_PATIENCE: Duration = Duration::from_secs(30);
const LOCK_POLL: Duration = Duration::from_millis(100);
/// A step that waits longer for a table's lock would hold up every request behind it.
const STATEMENT_LOCK_TIMEOUT: &str = "2s";
/// A step that met a busy table is rolled back and tried anew this often.
const ATTEMPTS: u32 = 3;
const ATTEMPT_PAUSE: Duration = Duration::from_millis(500);
/// `lock_not_available` (PostgreSQL, appendix A).
const LOCK_NOT_AVAILABLE: &str = "55P03";

/// A connection that may migrate one database.
#[derive(Debug)]
pub struct Session {
    connection: DatabaseConnection,
    schema: Schema,
}

impl Session {
    /// Connects as the schema's owner and waits for the database's lock.
    pub async fn open(address: &Address, schema: Schema) -> Result<Self, Error> {
        let session = Self::connect(address, schema).await?;
        session.lock().await?;
        Ok(session)
    }

    /// Connects without the lock: enough for [`Session::steps`].
    pub async fn connect(address: &Address, schema: Schema) -> Result<Self, Error> {
        let mut options = ConnectOptions::new(address.url().as_str());
        // One connection that is never exchanged, or the lock would be lost between two statements.
        options
            .max_connections(1)
            .idle_timeout(None)
            .max_lifetime(None)
            .acquire_timeout(Duration::from_secs(10))
            .sqlx_logging(false)
            .set_application_name("migrator");
        options.map_sqlx_postgres_opts(move |options| {
            let options = options.options([("lock_timeout", STATEMENT_LOCK_TIMEOUT)]);
            match schema.owner {
                Some(owner) => options.options([("role", owner)]),
                None => options,
            }
        });
        let connection = Database::connect(options).await.map_err(Error::Connect)?;
        Ok(Self { connection, schema })
    }

    /// How many steps the database has behind it; refuses a history that is not ours.
    pub async fn steps(&self) -> Result<usize, Error> {
        let probe = "select to_regclass('schema_checksums') is not null as known";
        let known: bool = self.one(probe).await?.try_get("", "known")?;
        if !known {
            return Ok(0);
        }
        let rows = self
            .connection
            .query_all_raw(Statement::from_string(
                DbBackend::Postgres,
                "select version, sha256 from seaql_migrations left join schema_checksums using (version) order by version",
            ))
            .await?;
        for (index, row) in rows.iter().enumerate() {
            let version: String = row.try_get("", "version")?;
            let checksum: Option<Vec<u8>> = row.try_get("", "sha256")?;
            match self.schema.migrations.get(index) {
                Some(ours) if ours.name != version => return Err(Error::Unknown { version }),
                None => return Err(Error::Unknown { version }),
                Some(ours) if checksum.as_deref() != Some(&ours.checksum()) => {
                    return Err(Error::Edited { version });
                }
                Some(_) => {}
            }
        }
        Ok(rows.len())
    }

    /// Takes the steps up to `target`; does nothing when the database is there or beyond.
    pub async fn up(&self, target: usize) -> Result<(), Error> {
        self.install().await?;
        let steps = Steps(self.schema);
        loop {
            let at = self.steps().await?;
            let Some(migration) = self.schema.migrations.get(at).filter(|_| at < target) else {
                return Ok(());
            };
            let step = || steps.up(&self.connection, Some(1));
            patiently(step)
                .await
                .map_err(|source| Error::step(migration.name, source))?;
        }
    }

    /// Takes the steps back to `target`; does nothing when the database is there or before.
    pub async fn down(&self, target: usize) -> Result<(), Error> {
        let steps = Steps(self.schema);
        loop {
            let at = self.steps().await?;
            let Some(version) = self.schema.version(at).filter(|_| at > target) else {
                return Ok(());
            };
            let step = || steps.down(&self.connection, Some(1));
            patiently(step)
                .await
                .map_err(|source| Error::step(version, source))?;
        }
    }

    /// The connection itself, for reading what a step made.
    pub fn connection(&self) -> &DatabaseConnection {
        &self.connection
    }

    /// Ends the session and with it the lock.
    pub async fn close(self) {
        // The server frees the lock with the connection, however it ends.
        drop(self.connection.close().await);
    }

    async fn install(&self) -> Result<(), Error> {
        Steps(self.schema).install(&self.connection).await?;
        let table = "create table if not exists schema_checksums (version varchar primary key, sha256 bytea not null)";
        self.connection.execute_unprepared(table).await?;
        Ok(())
    }

    // Polled, never waited for: an index built concurrently waits for every session that waits for
    // a lock, so two migrators would wait for each other.
    async fn lock(&self) -> Result<(), Error> {
        let deadline = Instant::now() + LOCK_PATIENCE;
        let attempt = format!("select pg_try_advisory_lock({LOCK_KEY}) as taken");
        while !self.one(&attempt).await?.try_get::<bool>("", "taken")? {
            if Instant::now() >= deadline {
                return Err(Error::Locked);
            }
            tokio::time::sleep(LOCK_POLL).await;
        }
        Ok(())
    }

    async fn one(&self, sql: &str) -> Result<sea_orm::QueryResult, DbErr> {
        let statement = Statement::from_string(DbBackend::Postgres, sql);
        let row = self.connection.query_one_raw(statement).await?;
        row.ok_or_else(|| DbErr::RecordNotFound(sql.to_owned()))
    }
}

/// Repeats a step that met a busy table; every attempt is one transaction.
async fn patiently<F: Future<Output = Result<(), DbErr>>>(
    step: impl Fn() -> F,
) -> Result<(), DbErr> {
    let mut attempt = 1;
    loop {
        match step().await {
            Err(error) if attempt < ATTEMPTS && sql_state(&error) == Some(LOCK_NOT_AVAILABLE) => {
                attempt += 1;
                tokio::time::sleep(ATTEMPT_PAUSE).await;
            }
            done => return done,
        }
    }
}

struct Steps(Schema);

#[async_trait]
impl MigratorTraitSelf for Steps {
    fn migrations(&self) -> Vec<Box<dyn MigrationTrait>> {
        let boxed = |migration: &Migration| Box::new(Step(*migration)) as Box<dyn MigrationTrait>;
        self.0.migrations.iter().map(boxed).collect()
    }
}

struct Step(Migration);

impl MigrationName for Step {
    fn name(&self) -> &str {
        self.0.name
    }
}

#[expect(
    elided_lifetimes_in_paths,
    reason = "the trait elides it, and async_trait wants the signatures alike"
)]
#[async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        still_locked(connection).await?;
        connection.execute_unprepared(self.0.up).await?;
        // A step outside a transaction may have got this far before and died.
        let record = Statement::from_sql_and_values(
            DbBackend::Postgres,
            "insert into schema_checksums (version, sha256) values ($1, $2) on conflict (version) do update set sha256 = excluded.sha256",
            [self.0.name.into(), self.0.checksum().to_vec().into()],
        );
        connection.execute_raw(record).await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        still_locked(connection).await?;
        connection.execute_unprepared(self.0.down).await?;
        let record = Statement::from_sql_and_values(
            DbBackend::Postgres,
            "delete from schema_checksums where version = $1",
            [self.0.name.into()],
        );
        connection.execute_raw(record).await?;
        Ok(())
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(self.0.transactional)
    }
}

/// A broken connection is silently replaced by the driver, and the new one holds no lock.
async fn still_locked(connection: &impl ConnectionTrait) -> Result<(), DbErr> {
    let held = "select from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()
        and database = (select oid from pg_database where datname = current_database())
        and (classid::bigint << 32 | objid::bigint) = $1 and granted";
    let statement = Statement::from_sql_and_values(DbBackend::Postgres, held, [LOCK_KEY.into()]);
    match connection.query_one_raw(statement).await? {
        Some(_) => Ok(()),
        None => Err(DbErr::Custom("the database's lock was lost".to_owned())),
    }
}
