//! The gateway's own settings, prefix `GATEWAY_`.

use std::num::NonZeroU32;
use std::path::PathBuf;

use ipnet::IpNet;
use serde::Deserialize;

/// Read once at start.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Networks of proxies in front of us; only they may tell a client's address.
    #[serde(default)]
    pub trusted_proxies: Vec<IpNet>,
    /// Requests of one client address in a minute.
    #[serde(default = "three_hundred")]
    pub address_per_minute: NonZeroU32,
    /// Requests of one signed-in person in an hour.
    #[serde(default = "five_thousand")]
    pub user_per_hour: NonZeroU32,
    /// Sign-ups, logins, refreshes and accepted invitations of one client address in a minute.
    #[serde(default = "ten")]
    pub login_per_minute: NonZeroU32,
    /// The folder of the built web client (`web/dist`); without it, a page says how to build it.
    pub web_dir: Option<PathBuf>,
    /// Live connections to this gateway.
    #[serde(default = "connections")]
    pub live_connections: usize,
    /// Live connections of one organization to this gateway.
    #[serde(default = "connections_per_organization")]
    pub live_connections_per_organization: usize,
    /// Live connections of one person to this gateway.
    #[serde(default = "connections_per_user")]
    pub live_connections_per_user: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            trusted_proxies: Vec::new(),
            address_per_minute: three_hundred(),
            user_per_hour: five_thousand(),
            login_per_minute: ten(),
            web_dir: None,
            live_connections: connections(),
            live_connections_per_organization: connections_per_organization(),
            live_connections_per_user: connections_per_user(),
        }
    }
}

const fn three_hundred() -> NonZeroU32 {
    NonZeroU32::MIN.saturating_add(299)
}

const fn five_thousand() -> NonZeroU32 {
    NonZeroU32::MIN.saturating_add(4_999)
}

const fn ten() -> NonZeroU32 {
    NonZeroU32::MIN.saturating_add(9)
}

const fn connections() -> usize {
    10_000
}

const fn connections_per_organization() -> usize {
    2_000
}

const fn connections_per_user() -> usize {
    20
}
