//! Whose turn it is to put a card into a column, or to take a project's next number, in this process.
//!
//! The database's locks keep the order true; waiting for them would hold a connection each. Here the wait
//! costs nothing, so that a crowd around one board leaves the tenant's connections to everybody else.

use std::sync::Arc;
use std::time::Duration;

use kernel::TenantId;
use moka::sync::Cache;
use tokio::sync::{Mutex, OwnedMutexGuard};
use tokio::time::timeout;
use uuid::Uuid;

/// Columns and projects with somebody waiting, or lately; some 100 bytes each.
const CAPACITY: u64 = 10_000;
/// What nobody touches is forgotten after this.
const IDLE: Duration = Duration::from_secs(60);
/// Nobody waits longer: the turn is a courtesy, the lock in the database is the law.
const PATIENCE: Duration = Duration::from_secs(3);

/// The queues of all columns and projects.
pub struct Turns(Cache<(TenantId, Uuid), Arc<Mutex<()>>>);

impl Default for Turns {
    fn default() -> Self {
        Self(
            Cache::builder()
                .max_capacity(CAPACITY)
                .time_to_idle(IDLE)
                .build(),
        )
    }
}

impl Turns {
    /// Waits for the turn at this column or project, which ends with the guard; none after too long a wait.
    pub(crate) async fn wait(&self, tenant: TenantId, place: Uuid) -> Option<OwnedMutexGuard<()>> {
        let queue = self.0.get_with((tenant, place), Arc::default);
        timeout(PATIENCE, queue.lock_owned()).await.ok()
    }
}
