//! The catalog database: its pool, and queries through prepared statements that each connection keeps.

use std::time::Duration;

use deadpool_postgres::{GenericClient, Manager, Pool, Runtime, Timeouts};
use secrecy::{ExposeSecret, SecretString};
use tokio_postgres::types::ToSql;
use tokio_postgres::{Config, NoTls, Row};

use crate::error::Error;

/// Every query is by key: a handful of connections serves thousands of lookups a second.
const CONNECTIONS: usize = 10;
/// Waiting longer for a connection would outlast the caller's patience.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(1);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// No statement of ours comes near; a lock that is never released must not hold a connection.
const SERVER_LIMITS: &str = "-c statement_timeout=5s -c lock_timeout=2s";

/// A parameter of a statement.
pub(crate) type Parameter<'a> = &'a (dyn ToSql + Sync);

/// Makes the pool; connects when first used.
pub fn pool(url: &SecretString) -> anyhow::Result<Pool> {
    let mut config: Config = url.expose_secret().parse()?;
    config
        .application_name("tenant-resolver")
        .connect_timeout(CONNECT_TIMEOUT)
        .options(SERVER_LIMITS);
    let timeouts = Timeouts {
        wait: Some(ACQUIRE_TIMEOUT),
        create: Some(CONNECT_TIMEOUT),
        recycle: Some(CONNECT_TIMEOUT),
    };
    Ok(Pool::builder(Manager::new(config, NoTls))
        .max_size(CONNECTIONS)
        .timeouts(timeouts)
        .runtime(Runtime::Tokio1)
        .build()?)
}

/// All rows.
pub(crate) async fn rows(
    client: &impl GenericClient,
    sql: &str,
    parameters: &[Parameter<'_>],
) -> Result<Vec<Row>, Error> {
    let statement = client.prepare_cached(sql).await?;
    Ok(client.query(&statement, parameters).await?)
}

/// At most one row.
pub(crate) async fn row(
    client: &impl GenericClient,
    sql: &str,
    parameters: &[Parameter<'_>],
) -> Result<Option<Row>, Error> {
    let statement = client.prepare_cached(sql).await?;
    Ok(client.query_opt(&statement, parameters).await?)
}

/// How many rows a statement changed.
pub(crate) async fn execute(
    client: &impl GenericClient,
    sql: &str,
    parameters: &[Parameter<'_>],
) -> Result<u64, Error> {
    let statement = client.prepare_cached(sql).await?;
    Ok(client.execute(&statement, parameters).await?)
}
