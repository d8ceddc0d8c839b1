//! One run at a time over the fleet: an advisory lock in the catalog, held by a connection of its own.
//!
//! The lock ends with the process, however it dies; the row beside it only tells others who has the lock.

use std::time::Duration;

use deadpool_postgres::{ClientWrapper, Object};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::registry::{Registry, RegistryError};

const NAME: &str = "fleet";
const LOCK_KEY: i64 = 0x0066_6c65_6574;
/// How often the holder looks whether its connection lives.
const BEAT: Duration = Duration::from_secs(5);
/// The row tells of a holder this long after its last beat.
const SECONDS: f64 = 30.0;
/// A holder whose machine vanished is noticed by the server after 10 + 3 × 5 s.
const KEEPALIVE: &str =
    "set tcp_keepalives_idle = 10; set tcp_keepalives_interval = 5; set tcp_keepalives_count = 3";

/// Held until [`Lease::release`]; `lost` is cancelled when someone else may hold it.
#[derive(Debug)]
pub struct Lease {
    lost: CancellationToken,
    release: CancellationToken,
    heart: JoinHandle<()>,
}

/// Why the lease was not taken.
#[derive(Debug, thiserror::Error)]
pub enum LeaseError {
    /// Someone has it.
    #[error("another run holds the fleet: {holder}")]
    Held {
        /// Who.
        holder: String,
    },
    /// The catalog did not answer.
    #[error(transparent)]
    Registry(#[from] RegistryError),
}

impl From<tokio_postgres::Error> for LeaseError {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Registry(error.into())
    }
}

impl Lease {
    /// Takes the lease or says who has it.
    pub async fn take(registry: &Registry, holder: &str) -> Result<Self, LeaseError> {
        // Out of the pool: the lock is this connection's.
        let connection = Object::take(registry.connection().await?);
        connection.batch_execute(KEEPALIVE).await?;
        let taken: bool = connection
            .query_one("select pg_try_advisory_lock($1)", &[&LOCK_KEY])
            .await?
            .try_get(0)?;
        if !taken {
            return Err(held(&connection).await?);
        }
        let note = "insert into leases (name, holder, expires_at)
            values ($1, $2, now() + make_interval(secs => $3))
            on conflict (name) do update set holder = excluded.holder, expires_at = excluded.expires_at";
        connection
            .execute(note, &[&NAME, &holder, &SECONDS])
            .await?;
        let (lost, release) = (CancellationToken::new(), CancellationToken::new());
        let heart = tokio::spawn(beat(connection, lost.clone(), release.clone()));
        Ok(Self {
            lost,
            release,
            heart,
        })
    }

    /// Cancelled when the lease could not be kept.
    pub fn lost(&self) -> CancellationToken {
        self.lost.clone()
    }

    /// Gives the lease back.
    pub async fn release(self) {
        self.release.cancel();
        // The lock ends with the connection in any case.
        drop(self.heart.await);
    }
}

async fn held(connection: &ClientWrapper) -> Result<LeaseError, LeaseError> {
    let who = "select holder from leases where name = $1";
    let row = connection.query_opt(who, &[&NAME]).await?;
    let holder = match row {
        Some(row) => row.try_get(0)?,
        None => "a run that just began or ended".to_owned(),
    };
    Ok(LeaseError::Held { holder })
}

async fn beat(connection: ClientWrapper, lost: CancellationToken, release: CancellationToken) {
    let renew = "update leases set expires_at = now() + make_interval(secs => $2) where name = $1";
    loop {
        tokio::select! {
            () = release.cancelled() => break,
            () = tokio::time::sleep(BEAT) => {}
        }
        if connection.execute(renew, &[&NAME, &SECONDS]).await.is_err() {
            return lost.cancel();
        }
    }
    let free = "delete from leases where name = $1";
    drop(connection.execute(free, &[&NAME]).await);
}
