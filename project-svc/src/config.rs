//! Settings of this service alone, prefix `PROJECT_`.

use serde::Deserialize;

/// What this service is told beside the settings all services share.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Connections to one database server, of all tenants together.
    #[serde(default = "forty")]
    pub connection_budget: usize,
    /// Time between two looks at every tenant's outbox for events that a crash left behind.
    #[serde(default = "thirty")]
    pub sweep_seconds: u64,
}

fn forty() -> usize {
    40
}

fn thirty() -> u64 {
    30
}
