//! The numbers of the pools. Each has a default that suits one process on one cluster.

use std::ops::RangeInclusive;
use std::time::Duration;

/// Part of its full life that a connection gets: spreads the end of those made together.
const LIFETIME_JITTER: RangeInclusive<f64> = 0.9..=1.1;

/// How the pools share connections.
#[derive(Clone, Debug)]
pub struct PoolSettings {
    /// Physical connections to one cluster, of all tenants together.
    pub budget: usize,
    /// Longest wait for a connection; then the answer is [`crate::PoolError::Timeout`].
    pub acquire_timeout: Duration,
    /// Requests that may wait for connections of one tenant; one more is
    /// [`crate::PoolError::Busy`].
    pub queue: usize,
    /// Connects to one cluster under way at once. Connecting is bound by the processor.
    pub connect_gate: usize,
    /// Longest time a connect may take.
    pub connect_timeout: Duration,
    /// An unused connection is closed after this time.
    pub idle_timeout: Duration,
    /// A connection is closed at this age, give or take a tenth, so that they do not end together.
    pub max_lifetime: Duration,
    /// A connection that was idle for longer is asked whether it lives before it is handed out.
    pub ping_after: Duration,
    /// The versions of the tenant schema that the service can serve.
    pub schema_versions: RangeInclusive<u32>,
    /// Name of the service in `pg_stat_activity` and in PostgreSQL's log.
    pub application_name: &'static str,
}

impl PoolSettings {
    /// The defaults for a service and the schema versions it can serve.
    pub fn new(application_name: &'static str, schema_versions: RangeInclusive<u32>) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            budget: 40,
            acquire_timeout: Duration::from_secs(1),
            queue: 256,
            connect_gate: 2 * cores,
            connect_timeout: Duration::from_secs(2),
            idle_timeout: Duration::from_secs(60),
            max_lifetime: Duration::from_secs(30 * 60),
            ping_after: Duration::from_secs(5),
            schema_versions,
            application_name,
        }
    }

    /// The same with another budget.
    #[must_use]
    pub fn with_budget(mut self, budget: usize) -> Self {
        self.budget = budget.max(1);
        self
    }

    /// The age at which a connection made now is closed.
    pub(crate) fn lifetime(&self) -> Duration {
        self.max_lifetime
            .mul_f64(rand::random_range(LIFETIME_JITTER))
    }
}
