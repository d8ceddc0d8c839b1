//! One run at a time over the fleet: a row in the catalog that its holder keeps alive.
//!
//! Advisory locks are per database, so they cannot do this; the server's clock alone decides.

use std::time::Duration;

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::registry::{Registry, RegistryError};

const NAME: &str = "fleet";
/// A run that dies without a word blocks the next one for this long.
const SECONDS: i32 = 30;
/// Three beats may fail before the lease is gone.
const BEAT: Duration = Duration::from_secs(8);

/// Held until [`Lease::release`]; `lost` is cancelled when someone else may hold it.
#[derive(Debug)]
pub struct Lease {
    registry: Registry,
    holder: String,
    lost: CancellationToken,
    heart: JoinHandle<()>,
}

/// Why the lease was not taken.
#[derive(Debug, thiserror::Error)]
pub enum LeaseError {
    /// Someone has it.
    #[error("another run holds the fleet: {holder}, for {seconds} s more unless it goes on")]
    Held {
        /// Who.
        holder: String,
        /// How long at least.
        seconds: i32,
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
        let connection = registry.connection().await?;
        let take = "insert into leases (name, holder, expires_at)
            values ($1, $2, now() + make_interval(secs => $3))
            on conflict (name) do update set holder = excluded.holder, expires_at = excluded.expires_at
            where leases.expires_at < now() returning holder";
        let seconds = f64::from(SECONDS);
        let taken = connection
            .query_opt(take, &[&NAME, &holder, &seconds])
            .await?;
        if taken.is_none() {
            return Err(held(&connection).await?);
        }
        let lost = CancellationToken::new();
        let heart = tokio::spawn(beat(registry.clone(), holder.to_owned(), lost.clone()));
        Ok(Self {
            registry: registry.clone(),
            holder: holder.to_owned(),
            lost,
            heart,
        })
    }

    /// Cancelled when the lease could not be kept.
    pub fn lost(&self) -> CancellationToken {
        self.lost.clone()
    }

    /// Gives the lease back.
    pub async fn release(self) -> Result<(), LeaseError> {
        self.heart.abort();
        let connection = self.registry.connection().await?;
        let free = "delete from leases where name = $1 and holder = $2";
        connection.execute(free, &[&NAME, &self.holder]).await?;
        Ok(())
    }
}

async fn held(connection: &deadpool_postgres::Object) -> Result<LeaseError, LeaseError> {
    let who = "select holder, greatest(0, ceil(extract(epoch from expires_at - now())))::integer
        from leases where name = $1";
    let row = connection.query_opt(who, &[&NAME]).await?;
    let (holder, seconds) = match row {
        Some(row) => (row.try_get(0)?, row.try_get(1)?),
        None => ("a run that just ended".to_owned(), 0),
    };
    Ok(LeaseError::Held { holder, seconds })
}

async fn beat(registry: Registry, holder: String, lost: CancellationToken) {
    let mut missed = 0;
    while missed < 3 {
        tokio::time::sleep(BEAT).await;
        match renew(&registry, &holder).await {
            Ok(true) => missed = 0,
            Ok(false) => break,
            Err(_unreachable) => missed += 1,
        }
    }
    lost.cancel();
}

async fn renew(registry: &Registry, holder: &str) -> Result<bool, LeaseError> {
    let connection = registry.connection().await?;
    let renew = "update leases set expires_at = now() + make_interval(secs => $3)
        where name = $1 and holder = $2 and expires_at > now()";
    let seconds = f64::from(SECONDS);
    let rows = connection
        .execute(renew, &[&NAME, &holder, &seconds])
        .await?;
    Ok(rows == 1)
}
