//! Settings of this service, prefix `RESOLVER_`.

use secrecy::SecretString;
use serde::Deserialize;

/// What only the resolver is told.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The catalog, as role `catalog_app`.
    pub database_url: SecretString,
    /// Seals passwords: `<key id>:<base64 of 32 bytes>`.
    pub seal_key: SecretString,
    /// Databases kept ready for sign-ups.
    #[serde(default = "three")]
    pub spares: u32,
    /// Seconds between two sweeps.
    #[serde(default = "ten")]
    pub sweep_seconds: u64,
    /// Seconds after which identity is asked about an unconfirmed claim.
    #[serde(default = "sixty")]
    pub claim_timeout_seconds: u64,
}

fn three() -> u32 {
    3
}

fn ten() -> u64 {
    10
}

fn sixty() -> u64 {
    60
}
