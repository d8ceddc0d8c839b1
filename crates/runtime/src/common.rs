//! The settings every service shares, prefix `TENANTRY_`.

use std::fmt::Display;
use std::net::SocketAddr;

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer, de};
use url::Url;

/// HMAC-SHA-256 keys shorter than their output are weaker than the hash.
const SERVICE_SECRET_MIN_CHARS: usize = 32;

/// What every service is told.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Common {
    /// The public domain with its port, as clients see it: `localhost:8080`.
    pub domain: String,
    /// `http` or `https`, as clients see it.
    #[serde(default)]
    pub scheme: Scheme,
    /// The key that service tokens are signed with; the same in all services.
    #[serde(deserialize_with = "long_enough")]
    pub service_secret: SecretString,
    /// The broker.
    pub amqp_url: SecretString,
    /// Base address of tenant-resolver.
    pub resolver_url: Url,
    /// Base address of identity.
    pub identity_url: Url,
    /// Base addresses of project-svc, one for each instance, with commas between.
    pub project_url: Instances,
    /// Base address of the shortener.
    pub shortener_url: Url,
    /// Base address of analytics.
    pub analytics_url: Url,
    /// What is logged: a filter such as `info` or `info,tenancy=debug`.
    #[serde(default = "info")]
    pub log: String,
    /// How it is logged.
    #[serde(default)]
    pub log_format: LogFormat,
    /// Where traces go (OTLP over HTTP); nowhere when unset.
    #[serde(default)]
    pub otlp_endpoint: Option<Url>,
    /// How long requests and jobs in progress may take to end after a signal.
    #[serde(default = "twenty")]
    pub drain_seconds: u64,
}

impl Common {
    /// The public address of the bare domain, without a trailing slash.
    pub fn origin(&self) -> String {
        format!("{}://{}", self.scheme, self.domain)
    }

    /// The public address of an organization, without a trailing slash.
    pub fn tenant_origin(&self, subdomain: impl Display) -> String {
        format!("{}://{subdomain}.{}", self.scheme, self.domain)
    }
}

/// Where the instances of one service are; there is at least one.
#[derive(Debug, Clone)]
pub struct Instances {
    first: Url,
    others: Vec<Url>,
}

impl Instances {
    /// One of them, for who does not mind which.
    pub fn first(&self) -> &Url {
        &self.first
    }

    /// All of them.
    pub fn all(&self) -> impl Iterator<Item = &Url> {
        std::iter::once(&self.first).chain(&self.others)
    }
}

impl From<Url> for Instances {
    fn from(first: Url) -> Self {
        let others = Vec::new();
        Self { first, others }
    }
}

impl<'de> Deserialize<'de> for Instances {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let mut urls = text.split(',').map(|url| base(url.trim()));
        let first = urls.next().unwrap_or_else(|| base(""));
        let first = first.map_err(de::Error::custom)?;
        let others = urls.collect::<Result<_, _>>().map_err(de::Error::custom)?;
        Ok(Self { first, others })
    }
}

/// The address of an instance.
fn base(text: &str) -> Result<Url, String> {
    let url: Url = text.parse().map_err(|error| format!("{text:?}: {error}"))?;
    let plain = matches!(url.scheme(), "http" | "https") && url.path() == "/";
    let plain = plain && url.query().is_none() && url.fragment().is_none();
    plain.then_some(url).ok_or_else(|| {
        format!("{text:?}: expected the address of an instance, as http://localhost:8083")
    })
}

/// The scheme clients use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scheme {
    #[default]
    Http,
    Https,
}

impl Display for Scheme {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Http => "http",
            Self::Https => "https",
        })
    }
}

/// Log lines for machines or for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    #[default]
    Json,
    Text,
}

/// The part of a service's own variables that its listeners take; the service's struct need not name them.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Listeners {
    /// Address of the service itself.
    pub(crate) listen: SocketAddr,
    /// Address of health, readiness and metrics.
    pub(crate) admin_listen: SocketAddr,
    /// Open connections in all.
    #[serde(default)]
    pub(crate) connections: Option<usize>,
    /// Open connections of one client address.
    #[serde(default)]
    pub(crate) connections_per_address: Option<usize>,
}

fn info() -> String {
    "info".to_owned()
}

fn twenty() -> u64 {
    20
}

fn long_enough<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SecretString, D::Error> {
    let secret = SecretString::deserialize(deserializer)?;
    if secret.expose_secret().chars().count() < SERVICE_SECRET_MIN_CHARS {
        return Err(de::Error::custom(format_args!(
            "expected at least {SERVICE_SECRET_MIN_CHARS} characters"
        )));
    }
    Ok(secret)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<String>, serde_json::Error> {
        let read = serde_json::from_value::<Instances>(text.into());
        read.map(|instances| instances.all().map(ToString::to_string).collect())
    }

    #[test]
    fn a_service_has_one_instance_or_several() {
        assert_eq!(read("http://a:1").unwrap(), ["http://a:1/"]);
        assert_eq!(
            read("http://a:1, http://b:2").unwrap(),
            ["http://a:1/", "http://b:2/"]
        );
        for bad in ["", "http://a:1,", "a:1;b:2 ", "http://a:1/x", "ftp://a"] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
