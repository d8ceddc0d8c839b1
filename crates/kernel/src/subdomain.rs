//! Which names an organization may live under: one DNS label (RFC 1123 §2.1) of our own choosing rules.

use std::fmt;

use serde::Serialize;

/// Shortest and longest name, in characters.
const LENGTH: std::ops::RangeInclusive<usize> = 3..=40;

/// Names that would be mistaken for the product itself, for infrastructure, or for a mail role
/// (RFC 2142).
const RESERVED: &[&str] = &[
    "abuse",
    "account",
    "accounts",
    "admin",
    "administrator",
    "analytics",
    "api",
    "app",
    "apps",
    "assets",
    "auth",
    "autoconfig",
    "autodiscover",
    "billing",
    "blog",
    "catalog",
    "cdn",
    "dashboard",
    "demo",
    "dev",
    "docs",
    "download",
    "email",
    "events",
    "files",
    "ftp",
    "gateway",
    "grafana",
    "graphql",
    "guest",
    "help",
    "hostmaster",
    "identity",
    "imap",
    "internal",
    "invite",
    "jobs",
    "links",
    "localhost",
    "login",
    "logout",
    "mail",
    "metrics",
    "migrator",
    "mongodb",
    "monitoring",
    "news",
    "noreply",
    "oauth",
    "operator",
    "pop",
    "postgres",
    "postmaster",
    "private",
    "prometheus",
    "public",
    "rabbitmq",
    "register",
    "resolver",
    "root",
    "security",
    "share",
    "shortener",
    "signin",
    "signup",
    "smtp",
    "socket",
    "sso",
    "staging",
    "static",
    "status",
    "store",
    "superuser",
    "support",
    "system",
    "template",
    "template0",
    "template1",
    "tenant",
    "tenantry",
    "tenants",
    "test",
    "webhook",
    "webhooks",
    "webmaster",
    "www",
];

/// The name under which an organization is reached: `acme` of `acme.example.com`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Subdomain(String);

/// Why a name cannot be had by anybody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SubdomainError {
    /// Not a name by our rules.
    #[error(
        "must be 3 to 40 characters of a-z, 0-9 and single hyphens, start with a letter and end with a letter or digit"
    )]
    Malformed,
    /// Kept for the product itself.
    #[error("this name is reserved")]
    Reserved,
}

impl Subdomain {
    /// Reads a name for a new organization.
    pub fn parse(text: &str) -> Result<Self, SubdomainError> {
        if !well_formed(text) {
            return Err(SubdomainError::Malformed);
        }
        if RESERVED.contains(&text) {
            return Err(SubdomainError::Reserved);
        }
        Ok(Self(text.to_owned()))
    }

    /// Reads the first label of a `Host`: any case, and a reserved name is simply nobody's.
    pub fn of_host_label(label: &str) -> Option<Self> {
        if label.len() > *LENGTH.end() {
            return None;
        }
        Self::parse(&label.to_ascii_lowercase()).ok()
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Subdomain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn well_formed(text: &str) -> bool {
    LENGTH.contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && !text.ends_with('-')
        // Also keeps out the `xn--` of internationalised names, whose look-alikes nobody can tell apart.
        && !text.contains("--")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reserved_names_are_sorted_and_would_be_well_formed() {
        assert!(RESERVED.is_sorted());
        assert!(RESERVED.iter().all(|name| well_formed(name)));
    }

    #[test]
    fn good_names_are_taken_as_they_are() {
        for name in ["acme", "a1b", "north-wind", &"a".repeat(40)] {
            assert_eq!(Subdomain::parse(name).unwrap().as_str(), name);
        }
    }

    #[test]
    fn bad_names_are_refused() {
        let long = "a".repeat(41);
        for name in [
            "",
            "ab",
            "-acme",
            "acme-",
            "ac--me",
            "xn--80ak6aa92e",
            "1acme",
            "Acme",
            "ac me",
            "acme.",
            "../a",
            "a\";drop database x;--",
            "ümlaut",
            "😀😀😀",
            &long,
        ] {
            assert_eq!(
                Subdomain::parse(name),
                Err(SubdomainError::Malformed),
                "{name}"
            );
        }
        for name in ["www", "api", "postgres", "template1", "admin"] {
            assert_eq!(
                Subdomain::parse(name),
                Err(SubdomainError::Reserved),
                "{name}"
            );
        }
    }

    #[test]
    fn host_labels_match_in_any_case() {
        assert_eq!(Subdomain::of_host_label("ACME").unwrap().as_str(), "acme");
        assert_eq!(Subdomain::of_host_label("www"), None);
    }
}
