//! The connection pool of a service's own PostgreSQL database. The server enforces the deadlines of a request.

use std::time::Duration;

use sea_orm::{ConnectOptions, Database, DatabaseConnection, DbErr};
use secrecy::{ExposeSecret, SecretString};

/// Time to wait for a connection.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(1);
/// Deadlines of a statement, of waiting for a lock, and of a transaction that does nothing.
const DEADLINES: [(&str, &str); 3] = [
    ("statement_timeout", "5s"),
    ("lock_timeout", "2s"),
    ("idle_in_transaction_session_timeout", "15s"),
];

/// A pool of at most so many connections, known to the server as `service`. Connects when first used, so that a
/// service may start before its database.
pub async fn connect(
    service: &'static str,
    url: &SecretString,
    connections: u32,
) -> Result<DatabaseConnection, DbErr> {
    let mut options = ConnectOptions::new(url.expose_secret());
    options
        .max_connections(connections)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .connect_lazy(true)
        .sqlx_logging(false)
        .map_sqlx_postgres_opts(move |options| {
            options.application_name(service).options(DEADLINES)
        });
    Database::connect(options).await
}
