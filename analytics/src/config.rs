//! Settings of this service, prefix `ANALYTICS_`.

use secrecy::SecretString;
use serde::Deserialize;

/// What only analytics is told.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The MongoDB replica set.
    pub mongo_url: SecretString,
    /// Its database.
    #[serde(default = "analytics")]
    pub mongo_database: String,
}

fn analytics() -> String {
    "analytics".to_owned()
}
