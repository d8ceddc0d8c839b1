//! A physical connection: opened for one tenant, proved to be in that tenant's database, holding
//! its place in the budget until its socket is closed.

use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions, Connection, Row};
use tokio::runtime::Handle;
use tokio::task::spawn_blocking;
use tokio::time::{Instant, timeout};
use uuid::Uuid;

use super::cluster::ClusterRef;
use super::exchange::Setback;
use crate::{PoolError, PoolSettings, TenantDescriptor};

/// Saying goodbye may not take longer; the socket is closed in any case.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);
/// Session settings of every tenant connection. The last one makes the server notice within a
/// second that a client has gone in the middle of a statement.
const SESSION_SETTINGS: [(&str, &str); 4] = [
    ("statement_timeout", "5s"),
    ("lock_timeout", "2s"),
    ("idle_in_transaction_session_timeout", "15s"),
    ("client_connection_check_interval", "1s"),
];
/// Asked in one round trip after the login, so that no mix-up of addresses or names goes unseen.
const WHO_ARE_YOU: &str = "select current_database()::text, tenant_id from tenant_identity";

/// What [`refuses_login`] looks for.
const LOGIN_REFUSED: [&str; 5] = ["28000", "28P01", "3D000", "55000", "42501"];

/// A place in the budget. Freed when dropped, that is: after the connection beside it.
pub(super) struct Permit(pub(super) ClusterRef);

impl Drop for Permit {
    fn drop(&mut self) {
        if let Some(cluster) = self.0.upgrade() {
            cluster.closed();
        }
    }
}

/// An open connection. The order of fields is the order of dropping: socket first.
pub(super) struct Physical {
    pub(super) connection: PgConnection,
    /// When it was last known to live.
    pub(super) seen_at: Instant,
    pub(super) expires_at: Instant,
    pub(super) permit: Permit,
}

impl Physical {
    /// Closes the socket and hands the place in the budget on.
    pub(super) async fn close(self: Box<Self>) -> Permit {
        let Self {
            connection, permit, ..
        } = *self;
        if let Ok(Err(error)) = timeout(CLOSE_TIMEOUT, connection.close()).await {
            tracing::debug!(error = &error as &dyn std::error::Error, "close connection");
        }
        permit
    }
}

/// Connects, logs in and checks whose database it is.
pub(super) async fn establish(
    target: &Arc<TenantDescriptor>,
    settings: &PoolSettings,
) -> Result<PgConnection, Setback> {
    let options = options(target, settings);
    let connect = async move {
        let mut connection = options.connect().await?;
        let row = sqlx::raw_sql(WHO_ARE_YOU)
            .fetch_one(&mut connection)
            .await?;
        let found = (row.try_get::<String, _>(0)?, row.try_get::<Uuid, _>(1)?);
        Ok::<_, sqlx::Error>((connection, found))
    };
    let tenant = tracing::field::display(target.id);
    let connected = timeout(settings.connect_timeout, connect);
    let in_time = async { connected.await.unwrap_or(Err(sqlx::Error::PoolTimedOut)) };
    let (connection, (database, id)) = match aside(in_time).await {
        Ok(connected) => connected,
        Err(sqlx::Error::PoolTimedOut) => {
            tracing::warn!(
                tenant.id = tenant,
                "connecting to tenant database takes too long"
            );
            return Err(Setback::Final(PoolError::Unavailable));
        }
        Err(error) if refuses_login(&error) => {
            let error = &error as &dyn std::error::Error;
            tracing::debug!(
                tenant.id = tenant,
                error,
                "tenant database refuses the login"
            );
            return Err(Setback::Refused(Arc::clone(target)));
        }
        Err(error) => {
            let error = &error as &dyn std::error::Error;
            tracing::warn!(tenant.id = tenant, error, "connect to tenant database");
            return Err(Setback::Final(PoolError::Unavailable));
        }
    };
    if database != target.database || id != target.id.uuid() {
        tracing::error!(
            tenant.id = tenant,
            database.asked = target.database,
            database.found = database,
            tenant.found = %id,
            "database belongs to another tenant"
        );
        return Err(Setback::Final(PoolError::WrongDatabase));
    }
    Ok(connection)
}

/// Drives the work on a thread of its own. sqlx yields 820 times while it computes the answer to the server's
/// challenge (RFC 5802), and on a busy executor each of them waits for all other tasks: seconds in sum.
async fn aside<T: Send + 'static>(
    work: impl Future<Output = Result<T, sqlx::Error>> + Send + 'static,
) -> Result<T, sqlx::Error> {
    let executor = Handle::current();
    let done = spawn_blocking(move || executor.block_on(work)).await;
    done.unwrap_or(Err(sqlx::Error::WorkerCrashed))
}

fn options(target: &TenantDescriptor, settings: &PoolSettings) -> PgConnectOptions {
    use secrecy::ExposeSecret as _;

    PgConnectOptions::new_without_pgpass()
        .host(&target.host)
        .port(target.port)
        .database(&target.database)
        .username(&target.role)
        .password(target.password.expose_secret())
        .application_name(settings.application_name)
        .options(SESSION_SETTINGS)
        // Statements are logged with their request by `crate::statement`.
        .disable_statement_logging()
}

/// Whether the server lives but does not let this login into this database, as it does while a
/// tenant is moved or its password is rotated: wrong role or password (28000, 28P01), no such
/// database (3D000), no connections allowed (55000), no right to connect (42501).
fn refuses_login(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|error| error.code());
    code.is_some_and(|code| LOGIN_REFUSED.contains(&code.as_ref()))
}

/// Whether the connection cannot be used after this error.
///
/// SQLSTATE classes 08 (connection) and 57P (operator intervention), 25P03 and 25P04 (session
/// ended by a timeout) come with the end of the session (PostgreSQL documentation, appendix A).
pub(super) fn breaks_connection(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Database(error) => error.code().is_some_and(|code| {
            code.starts_with("08") || code.starts_with("57P") || code == "25P03" || code == "25P04"
        }),
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::Protocol(_)
        | sqlx::Error::WorkerCrashed => true,
        _ => false,
    }
}
