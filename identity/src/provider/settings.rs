//! The providers that the operator offers to everybody, and the networks where providers may be.

use std::fmt;

use axum::http::Uri;
use ipnet::IpNet;
use moka::future::Cache;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use url::Url;

use super::Provider;
use super::network::Outbound;
use super::openid::Documents;

/// A kind of provider, with its ways.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    /// Google.
    Google,
    /// GitHub, which speaks OAuth 2.0 without OpenID Connect.
    Github,
    /// Slack.
    Slack,
    /// Any provider that keeps to OpenID Connect.
    Openid,
}

impl Kind {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Google => "google",
            Self::Github => "github",
            Self::Slack => "slack",
            Self::Openid => "openid",
        }
    }

    const fn title(self) -> &'static str {
        match self {
            Self::Google => "Google",
            Self::Github => "GitHub",
            Self::Slack => "Slack",
            Self::Openid => "OpenID",
        }
    }

    /// Where it is unless the operator says otherwise.
    const fn address(self) -> &'static str {
        match self {
            Self::Google => "https://accounts.google.com",
            Self::Github => "https://github.com",
            Self::Slack => "https://slack.com",
            Self::Openid => "",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// An entry of the setting.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Setting {
    provider: Kind,
    client_id: String,
    client_secret: SecretString,
    /// The issuer, or the address of a GitHub Enterprise Server.
    #[serde(default)]
    address: Option<Url>,
}

/// What is known of providers.
pub struct Providers {
    /// Those the operator offers.
    pub(super) offered: Vec<Provider>,
    pub(super) outbound: Outbound,
    pub(super) documents: Documents,
}

impl Providers {
    /// `offered` is a JSON array; see [`crate::Config::providers`].
    pub fn new(offered: Option<&SecretString>, networks: &[IpNet]) -> anyhow::Result<Self> {
        let text = offered.map_or("[]", ExposeSecret::expose_secret);
        // The text of the mistake may quote a secret; its place says enough.
        let settings: Vec<Setting> = serde_json::from_str(text).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            anyhow::anyhow!(
                "IDENTITY_PROVIDERS: not what is expected at line {line} column {column}"
            )
        })?;
        let mut offered: Vec<Provider> = Vec::with_capacity(settings.len());
        for setting in settings {
            let kind = setting.provider;
            if kind == Kind::Openid || offered.iter().any(|known| known.kind == kind) {
                anyhow::bail!("IDENTITY_PROVIDERS: each of google, github and slack at most once");
            }
            let address = setting.address.map_or_else(
                || kind.address().to_owned(),
                |address| address.as_str().trim_end_matches('/').to_owned(),
            );
            anyhow::ensure!(
                address.parse::<Uri>().is_ok(),
                "IDENTITY_PROVIDERS: address of {kind}"
            );
            offered.push(Provider {
                key: kind.name().to_owned(),
                name: kind.title().to_owned(),
                kind,
                own: None,
                issuer: address,
                client_id: setting.client_id,
                client_secret: setting.client_secret,
            });
        }
        Ok(Self {
            offered,
            outbound: Outbound::new(networks)?,
            documents: Documents::default(),
        })
    }

    pub(super) fn offered(&self, key: &str) -> Option<&Provider> {
        self.offered.iter().find(|provider| provider.key == key)
    }
}

/// A cache of documents of providers, by address.
pub(super) type DocumentCache<T> = Cache<String, std::sync::Arc<T>>;

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<String>, String> {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let providers = Providers::new(Some(&SecretString::from(text)), &[]);
        let providers = providers.map_err(|error| format!("{error:#}"))?;
        let named = providers.offered.into_iter();
        Ok(named
            .map(|provider| format!("{} {}", provider.key, provider.issuer))
            .collect())
    }

    #[test]
    fn operator_offers_each_kind_once() {
        let google = r#"{"provider":"google","client_id":"a","client_secret":"b"}"#;
        let github = r#"{"provider":"github","client_id":"a","client_secret":"b","address":"https://git.example.com/"}"#;
        assert_eq!(
            read(&format!("[{google},{github}]")).unwrap(),
            [
                "google https://accounts.google.com",
                "github https://git.example.com"
            ]
        );
        assert_eq!(read("[]").unwrap(), [""; 0]);
        assert!(read(&format!("[{google},{google}]")).is_err());
        assert!(read(&google.replace("google", "openid")).is_err());
    }

    #[test]
    fn mistake_in_the_setting_shows_no_secret() {
        let bad =
            r#"[{"provider":"google","client_id":"a","client_secret":"hunter2","hunter3":1}]"#;
        let mistake = read(bad).unwrap_err();
        assert!(
            mistake.contains("line 1") && !mistake.contains("hunter"),
            "{mistake}"
        );
    }
}
