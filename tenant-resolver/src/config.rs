//! Settings of this service, prefix `RESOLVER_`.

use std::time::Duration;

use kernel::SealKeys;
use kernel::seal::SealError;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

/// What only the resolver is told.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The catalog, as role `catalog_app`.
    pub database_url: SecretString,
    /// Seals passwords: `<key id>:<base64 of 32 bytes>`.
    pub seal_key: SecretString,
    /// Keys that sealed before, separated by commas: they open what is not sealed anew yet.
    #[serde(default)]
    pub former_seal_keys: Option<SecretString>,
    /// Databases kept ready for sign-ups on each cluster that is open for placement.
    #[serde(default = "three")]
    pub spares: u32,
    /// Seconds between two sweeps.
    #[serde(default = "ten")]
    pub sweep_seconds: u64,
    /// Seconds after which identity is asked about an unconfirmed claim.
    #[serde(default = "sixty")]
    pub claim_timeout_seconds: u64,
    /// Days in which a deletion can be taken back, unless it says otherwise.
    #[serde(default = "thirty")]
    pub delete_grace_days: u32,
}

impl Config {
    /// The ring of sealing keys.
    pub(crate) fn seal_keys(&self) -> Result<SealKeys, SealError> {
        let former = self.former_seal_keys.as_ref();
        SealKeys::parse(
            self.seal_key.expose_secret(),
            former.map(ExposeSecret::expose_secret),
        )
    }

    /// The usual grace of a deletion.
    pub(crate) fn delete_grace(&self) -> Duration {
        Duration::from_secs(u64::from(self.delete_grace_days) * SECONDS_A_DAY)
    }
}

const SECONDS_A_DAY: u64 = 86_400;

fn three() -> u32 {
    3
}

fn thirty() -> u32 {
    30
}

fn ten() -> u64 {
    10
}

fn sixty() -> u64 {
    60
}
