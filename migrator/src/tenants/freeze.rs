//! Keeps schema changes off a tenant's database for as long as it lives: the lock every migration takes there.

use std::time::Duration;

use tokio::time::Instant;
use tokio_postgres::Client;

use super::{Error, Operator, Subject};
use crate::database::LOCK_KEY;

/// A migration's step may take this long before we give up.
const PATIENCE: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(50);

/// A session inside the tenant's database that holds the lock of migrations.
pub(crate) struct Freeze {
    client: Client,
}

impl Freeze {
    /// Waits a while for the lock.
    pub(crate) async fn take(operator: &Operator, subject: &Subject) -> Result<Self, Error> {
        let client = operator
            .connect(&subject.cluster, &subject.database)
            .await?;
        let deadline = Instant::now() + PATIENCE;
        while !attempt(&client).await? {
            if Instant::now() >= deadline {
                return Err(Error::Locked(subject.label()));
            }
            // Polled: a waiting lock would wait for an index built concurrently, and that for us.
            tokio::time::sleep(POLL).await;
        }
        Ok(Self { client })
    }

    /// The session itself.
    pub(crate) fn client(&self) -> &Client {
        &self.client
    }
}

/// Whether nobody holds the lock; takes it if so.
pub(crate) async fn attempt(client: &Client) -> Result<bool, Error> {
    let row = client
        .query_one("select pg_try_advisory_lock($1)", &[&LOCK_KEY])
        .await;
    row.and_then(|row| row.try_get(0))
        .map_err(Error::sql("lock the tenant's database"))
}
