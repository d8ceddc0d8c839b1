//! The sessions of a tenant's own role: waited for while it is held, and ended when nothing runs in them.

use std::time::Duration;

use tokio::time::Instant;
use tokio_postgres::Client;

use super::Error;

/// Pools close their connections within milliseconds of hearing that a tenant is held.
const PATIENCE: Duration = Duration::from_millis(1500);
const POLL: Duration = Duration::from_millis(5);
/// An ended session is gone as soon as its process is.
const ENDING: Duration = Duration::from_millis(300);

/// Waits until no session of the role is left in the database. Sessions that do nothing at the end of our patience
/// are ended; those in a transaction are left, and the answer is [`Error::Busy`].
pub(crate) async fn left(server: &Client, database: &str, role: &str) -> Result<(), Error> {
    if quiet(server, database, role, PATIENCE).await? {
        return Ok(());
    }
    const STEP: &str = "end the tenant's idle sessions";
    let end = "select pg_terminate_backend(pid) from pg_stat_activity
        where datname = $1 and usename = $2 and state = 'idle'";
    let ended = server.query(end, &[&database, &role]).await;
    ended.map_err(Error::sql(STEP))?;
    if quiet(server, database, role, ENDING).await? {
        return Ok(());
    }
    let busy = count(server, database, role).await?;
    Err(Error::Busy { busy })
}

/// Ends every session in the database but our own, whatever it does.
pub(crate) async fn end_all(server: &Client, database: &str) -> Result<(), Error> {
    const STEP: &str = "end the sessions in the database";
    let sql = "select pg_terminate_backend(pid) from pg_stat_activity where datname = $1 and pid <> pg_backend_pid()";
    server
        .query(sql, &[&database])
        .await
        .map_err(Error::sql(STEP))?;
    Ok(())
}

async fn quiet(
    server: &Client,
    database: &str,
    role: &str,
    patience: Duration,
) -> Result<bool, Error> {
    let deadline = Instant::now() + patience;
    loop {
        if count(server, database, role).await? == 0 {
            return Ok(true);
        }
        if Instant::now() >= deadline {
            return Ok(false);
        }
        tokio::time::sleep(POLL).await;
    }
}

async fn count(server: &Client, database: &str, role: &str) -> Result<i64, Error> {
    let sql = "select count(*) from pg_stat_activity where datname = $1 and usename = $2";
    let row = server.query_one(sql, &[&database, &role]).await;
    row.and_then(|row| row.try_get(0))
        .map_err(Error::sql("count the tenant's sessions"))
}
