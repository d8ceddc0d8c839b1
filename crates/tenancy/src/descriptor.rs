//! Where a tenant's database is and how to log in to it, as the resolver tells it.
//!
//! `generation` changes whenever a login made with the old answer must not be used any more:
//! the tenant moved, its password was rotated, it was suspended and resumed.

use std::ops::RangeInclusive;

use kernel::{ClusterId, TenantId};
use secrecy::SecretString;
use serde::Deserialize;

/// The resolver's answer about one tenant's database.
#[derive(Clone, Debug, Deserialize)]
pub struct TenantDescriptor {
    /// The tenant.
    pub id: TenantId,
    /// Counts up when connections made with an older answer must be closed.
    pub generation: i32,
    /// The PostgreSQL server; all its tenants share one budget of connections.
    pub cluster: ClusterId,
    /// The server's address.
    pub host: String,
    /// The server's port.
    pub port: u16,
    /// The tenant's database.
    pub database: String,
    /// The tenant's own login role.
    pub role: String,
    /// The role's password.
    pub password: SecretString,
    /// The newest migration the database has, for example `0003_labels`.
    pub schema_version: Option<String>,
    /// Connections the cluster has for tenants, of all processes together.
    #[serde(default)]
    pub connection_budget: Option<u32>,
    /// What the tenant's plan allows.
    #[serde(default)]
    pub limits: TenantLimits,
    /// The tenant's share of a cluster where tenants wait, beside others with 1; 1 when absent.
    #[serde(default)]
    pub weight: Option<u32>,
    /// Connections the plan allows the tenant while other tenants wait.
    #[serde(default)]
    pub connection_cap: Option<u32>,
}

/// What a tenant's plan allows; what is absent is unlimited.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct TenantLimits {
    /// Active members of the organization.
    #[serde(default)]
    pub people: Option<u64>,
    /// Projects that are not archived.
    #[serde(default)]
    pub projects: Option<u64>,
    /// Bytes of attached files.
    #[serde(default)]
    pub storage_bytes: Option<u64>,
    /// Requests of all people together.
    #[serde(default)]
    pub requests_per_minute: Option<u64>,
}

impl TenantDescriptor {
    /// Whether a service that can serve `versions` can serve this database.
    pub fn serves(&self, versions: &RangeInclusive<u32>) -> bool {
        self.schema_version
            .as_deref()
            .and_then(version_number)
            .is_some_and(|version| versions.contains(&version))
    }
}

/// The number a migration's name begins with.
fn version_number(name: &str) -> Option<u32> {
    let digits = name.split('_').next()?;
    digits.trim_start_matches('m').parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn version_is_the_number_a_name_begins_with() {
        assert_eq!(version_number("0012_labels"), Some(12));
        assert_eq!(version_number("0001"), Some(1));
        assert_eq!(version_number("labels"), None);
    }
}
