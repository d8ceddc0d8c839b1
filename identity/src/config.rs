//! Settings of this service, prefix `IDENTITY_`.

use std::num::NonZeroU32;
use std::path::PathBuf;

use ipnet::IpNet;
use secrecy::SecretString;
use serde::Deserialize;

/// What only identity is told.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Database `identity`, as role `identity_app`.
    pub database_url: SecretString,
    /// Connections to it.
    #[serde(default = "sixteen")]
    pub database_connections: u32,
    /// Seals the signing keys: `<key id>:<base64 of 32 bytes>`.
    pub seal_key: SecretString,
    /// The mail server, with login where it wants one: `smtps://` for TLS from the start, `smtp://...?tls=required` for
    /// STARTTLS, `smtp://` for a server on the same machine.
    pub smtp_url: SecretString,
    /// A PEM file with authorities that may vouch for the mail server, beside those of the system.
    #[serde(default)]
    pub smtp_ca_file: Option<PathBuf>,
    /// Sender of all mail: `Name <address>`.
    pub mail_from: String,
    /// Life of an access token.
    #[serde(default = "fifteen")]
    pub access_token_minutes: u32,
    /// Life of a session, however often it is refreshed; one that nobody refreshes ends after seven days.
    #[serde(default = "thirty")]
    pub refresh_token_days: u32,
    /// Days after which a new key takes over signing; 0 leaves it to `migrator keys rotate`.
    #[serde(default = "ninety")]
    pub key_rotation_days: u16,
    /// Seconds between two sweeps.
    #[serde(default = "five")]
    pub sweep_seconds: u64,
    /// Passwords that one client address may try for one account; each further one waits twice as long.
    #[serde(default = "ten")]
    pub free_attempts: NonZeroU32,
    /// The same for one client address over all accounts. Passwords that were right do not count.
    #[serde(default = "thirty_attempts")]
    pub free_attempts_of_address: NonZeroU32,
    /// Providers everybody may sign in with, a JSON array:
    /// `[{"provider":"google","client_id":"..","client_secret":".."}]`, with `google`, `github` and `slack` once each.
    /// `address` names the issuer of another installation, or a GitHub Enterprise Server.
    #[serde(default)]
    pub providers: Option<SecretString>,
    /// Networks of the operator's own where identity providers may be, even without TLS; all other addresses that are
    /// not public are refused.
    #[serde(default)]
    pub provider_networks: Vec<IpNet>,
}

fn sixteen() -> u32 {
    16
}

fn fifteen() -> u32 {
    15
}

fn thirty() -> u32 {
    30
}

fn ninety() -> u16 {
    90
}

fn five() -> u64 {
    5
}

fn ten() -> NonZeroU32 {
    NonZeroU32::MIN.saturating_add(9)
}

fn thirty_attempts() -> NonZeroU32 {
    NonZeroU32::MIN.saturating_add(29)
}
