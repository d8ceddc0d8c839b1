//! What the control plane works with; shared by handlers and jobs.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::FromRef;
use deadpool_postgres::Pool;
use httpkit::Guard;
use kernel::{Clock, EventId, Ids, SealKeys};
use tokio::sync::{Notify, Semaphore};

use crate::placement::Placement;

/// Databases built at once: flat-out building raises the neighbours' latency ninefold.
const BUILDS_AT_ONCE: usize = 2;

const CHECKPOINT_BACKLOG_LIMIT: f64 = 0.5;
const DELETE_GRACE: Duration = Duration::from_secs(30 * 86_400);

/// The control plane itself. Any number of instances may work on one catalog.
pub struct Resolver {
    /// Connections to the catalog.
    pub catalog: Pool,
    /// Opens and seals the passwords of provisioners and tenants.
    pub seal: SealKeys,
    /// Tells the time.
    pub clock: Clock,
    /// Makes ids.
    pub ids: Ids,
    /// Spare databases to keep on each cluster that is open for placement.
    pub spares_wanted: u32,
    /// How old an unconfirmed claim grows before identity is asked about it.
    pub claim_timeout: Duration,
    /// How long a deletion can be taken back, unless it says otherwise.
    pub delete_grace: Duration,
    /// Spares wait while a cluster has written more than this share of what makes it begin a checkpoint.
    pub checkpoint_backlog_limit: f64,
    /// Wakes the background work early.
    pub wake: Wake,
    pub(crate) builds: Semaphore,
    pub(crate) placement: Placement,
    /// Tells this instance from others in `leases`.
    pub(crate) instance: String,
}

/// Each wakes one job; a job also runs by itself from time to time, so that a lost wake-up only delays.
#[derive(Default)]
pub struct Wake {
    /// A spare was taken.
    pub stock: Notify,
    /// Something waits to be dropped.
    pub sweep: Notify,
    /// An event was written.
    pub outbox: events::Wake,
}

impl Resolver {
    /// Puts the parts together; starts nothing.
    pub fn new(
        catalog: Pool,
        seal: impl Into<SealKeys>,
        clock: Clock,
        ids: Ids,
        spares_wanted: u32,
        claim_timeout: Duration,
    ) -> Self {
        Self {
            catalog,
            seal: seal.into(),
            clock,
            spares_wanted,
            claim_timeout,
            delete_grace: DELETE_GRACE,
            checkpoint_backlog_limit: CHECKPOINT_BACKLOG_LIMIT,
            wake: Wake::default(),
            instance: ids.next::<EventId>().to_string(),
            ids,
            builds: Semaphore::new(BUILDS_AT_ONCE),
            placement: Placement::default(),
        }
    }
}

/// What handlers get.
#[derive(Clone, FromRef)]
pub struct AppState {
    /// The control plane.
    pub resolver: Arc<Resolver>,
    /// Knows who calls.
    pub guard: Guard,
}
