//! Settings of this service alone, prefix `PROJECT_`.

use ipnet::IpNet;
use secrecy::SecretString;
use serde::Deserialize;

/// What this service is told beside the settings all services share.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Most connections of this process to one database server, of all tenants together. Unset: what the catalog
    /// says of the server, divided by `PROJECT_INSTANCES`, which is also never exceeded.
    #[serde(default)]
    pub connection_budget: Option<usize>,
    /// Processes of this service that share the servers' connections; unset: as many as `TENANTRY_PROJECT_URL` has
    /// addresses.
    #[serde(default)]
    pub instances: Option<usize>,
    /// Longest wait of a request for a connection, in milliseconds; then the answer is 503.
    #[serde(default = "one_second")]
    pub acquire_timeout_ms: u64,
    /// Longest time a request waits for an organization that is being moved, copied or migrated, in milliseconds; then
    /// the answer is 503.
    #[serde(default = "three_seconds")]
    pub hold_timeout_ms: u64,
    /// Time between two looks for events that a crash left behind. The first is at start, at every outbox; later ones
    /// are at those this process has not seen empty.
    #[serde(default = "ten_minutes")]
    pub sweep_seconds: u64,
    /// Seals the secrets of webhooks: `<key id>:<base64 of 32 bytes>`.
    pub seal_key: SecretString,
    /// Keys that sealed before, separated by commas: they open what is not sealed anew yet.
    #[serde(default)]
    pub former_seal_keys: Option<SecretString>,
    /// Networks of the operator's own where webhooks may lead too, even without TLS; all other addresses that are not
    /// public are refused.
    #[serde(default)]
    pub webhook_networks: Vec<IpNet>,
    /// Longest time a webhook's receiver may take to answer, in milliseconds; at most half a minute.
    #[serde(default = "fifteen_seconds")]
    pub webhook_timeout_ms: u64,
}

fn three_seconds() -> u64 {
    3_000
}

fn one_second() -> u64 {
    1_000
}

fn fifteen_seconds() -> u64 {
    15_000
}

fn ten_minutes() -> u64 {
    600
}
