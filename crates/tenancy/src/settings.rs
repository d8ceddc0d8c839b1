//! The numbers of the pools. Each has a default that suits one process on one cluster.

use std::ops::RangeInclusive;
use std::time::Duration;

/// Part of its full life that a connection gets: spreads the end of those made together.
const LIFETIME_JITTER: RangeInclusive<f64> = 0.9..=1.1;
/// Connections to a cluster of which neither settings nor resolver say how many it may be.
const DEFAULT_BUDGET: usize = 40;

/// How the pools share connections.
#[derive(Clone, Debug)]
pub struct PoolSettings {
    /// The most physical connections to one cluster, of all tenants together; else this process's
    /// part of what the resolver says the cluster has.
    pub budget: Option<usize>,
    /// Processes that share what a cluster has.
    pub instances: usize,
    /// Longest wait for a connection; then the answer is [`crate::PoolError::Timeout`].
    pub acquire_timeout: Duration,
    /// The same for background work.
    pub background_timeout: Duration,
    /// Longest time a request waits for a tenant that is being moved, copied or migrated; then the
    /// answer is [`crate::PoolError::Held`].
    pub hold_timeout: Duration,
    /// Requests that may wait for connections of one tenant, and while it is held; one more is
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
    /// Writes what a unit of work notes: inserts the elements of a JSON array, which is `$5`.
    pub journal: Option<&'static str>,
}

impl PoolSettings {
    /// The defaults for a service and the schema versions it can serve.
    pub fn new(application_name: &'static str, schema_versions: RangeInclusive<u32>) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            budget: None,
            instances: 1,
            acquire_timeout: Duration::from_secs(1),
            background_timeout: Duration::from_secs(10),
            hold_timeout: Duration::from_secs(3),
            queue: 256,
            connect_gate: 2 * cores,
            connect_timeout: Duration::from_secs(2),
            idle_timeout: Duration::from_secs(60),
            max_lifetime: Duration::from_secs(30 * 60),
            ping_after: Duration::from_secs(5),
            schema_versions,
            application_name,
            journal: None,
        }
    }

    /// The same with another budget.
    #[must_use]
    pub fn with_budget(mut self, budget: usize) -> Self {
        self.budget = Some(budget);
        self
    }

    /// Connections this process may have to a cluster that has `whole` for all of them.
    pub(crate) fn budget_of(&self, whole: Option<u32>) -> usize {
        let whole = whole.and_then(|whole| usize::try_from(whole).ok());
        let part = whole.map(|whole| whole / self.instances.max(1));
        let budget = match (self.budget, part) {
            (Some(most), Some(part)) => most.min(part),
            (Some(budget), None) | (None, Some(budget)) => budget,
            (None, None) => DEFAULT_BUDGET,
        };
        budget.max(1)
    }

    /// The age at which a connection made now is closed.
    pub(crate) fn lifetime(&self) -> Duration {
        self.max_lifetime
            .mul_f64(rand::random_range(LIFETIME_JITTER))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn budget_is_the_smaller_of_the_setting_and_the_process_s_part() {
        let mut settings = PoolSettings::new("test", 1..=1);
        assert_eq!(settings.budget_of(None), DEFAULT_BUDGET);
        settings.instances = 3;
        assert_eq!(settings.budget_of(Some(100)), 33);
        assert_eq!(settings.budget_of(Some(2)), 1);
        settings.budget = Some(20);
        assert_eq!(settings.budget_of(Some(100)), 20);
        assert_eq!(settings.budget_of(Some(30)), 10);
        assert_eq!(settings.budget_of(None), 20);
    }
}
