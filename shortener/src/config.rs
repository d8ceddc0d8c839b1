//! Settings of this service, prefix `SHORTENER_`.

use std::path::PathBuf;

use secrecy::SecretString;
use serde::Deserialize;

/// What only the shortener is told.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Database `shortener`, as role `shortener_app`.
    pub database_url: SecretString,
    /// Connections to it.
    #[serde(default = "sixteen")]
    pub database_connections: u32,
    /// Seals the codes of links: `<key id>:<base64 of 32 bytes>`.
    pub seal_key: SecretString,
    /// Signs guests' cookies; the same in all instances.
    pub cookie_secret: SecretString,
    /// Where visits wait for the database, on a disk that outlives the process.
    #[serde(default = "journal")]
    pub journal: PathBuf,
    /// Queue of news about members, shared by all instances on one database.
    #[serde(default = "members_queue")]
    pub members_queue: String,
}

fn members_queue() -> String {
    events::queues::SHORTENER_MEMBERS.to_owned()
}

fn journal() -> PathBuf {
    "/var/tmp/tenantry-shortener".into()
}

fn sixteen() -> u32 {
    16
}
