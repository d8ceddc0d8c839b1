//! Settings of this service alone, prefix `PROJECT_`.

use serde::Deserialize;

/// What this service is told beside the settings all services share.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Connections to one database server, of all tenants together.
    #[serde(default = "forty")]
    pub connection_budget: usize,
    /// Longest wait of a request for a connection, in milliseconds; then the answer is 503.
    #[serde(default = "one_second")]
    pub acquire_timeout_ms: u64,
    /// Time between two looks at every tenant's outbox for events that a crash left behind. The first is at start; a
    /// look costs a connection for each tenant, so it is rare.
    #[serde(default = "ten_minutes")]
    pub sweep_seconds: u64,
}

fn forty() -> usize {
    40
}

fn one_second() -> u64 {
    1_000
}

fn ten_minutes() -> u64 {
    600
}
