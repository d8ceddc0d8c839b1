//! Signing in with an account elsewhere: Google, GitHub and Slack where the operator offers them, and any OpenID
//! provider of an organization.
//!
//! A browser sets out from the organization's host with a cookie and a state ([`attempt`]), returns to the address that
//! its provider knows and no other does, on the bare domain, and from there to the organization's host, where cookie and state must be of the
//! same attempt. What the provider says then meets the rules of [`model`]. An organization's provider speaks for that
//! organization alone: sessions it opens reach no further.

mod arrival;
mod attempt;
mod exchange;
mod github;
mod identities;
mod manage;
mod model;
mod network;
mod openid;
mod routes;
mod settings;
mod store;

use axum::http::StatusCode;
use httpkit::Problem;
use kernel::{ProviderId, TenantId};
use secrecy::SecretString;
use utoipa_axum::router::OpenApiRouter;

use self::network::CallError;
use self::settings::Kind;
use crate::account::EmailAddress;
use crate::entity::identity_provider;
use crate::session::Method;
use crate::state::{AppState, Identity};

pub use settings::Providers;
pub(crate) use store::{forget_expired, unlink_all};

pub(crate) fn router() -> OpenApiRouter<AppState> {
    routes::router()
        .merge(identities::router())
        .merge(manage::router())
}

/// A provider with what it takes to talk to it.
pub(crate) struct Provider {
    /// `google`, `github`, `slack`, or the id of an organization's provider.
    key: String,
    name: String,
    kind: Kind,
    /// The organization's provider it is, if it is one.
    own: Option<ProviderId>,
    issuer: String,
    client_id: String,
    client_secret: SecretString,
}

impl Provider {
    /// The provider of this key that the organization's people may use.
    async fn find(identity: &Identity, tenant: TenantId, key: &str) -> Result<Self, Problem> {
        if let Some(offered) = identity.providers.offered(key) {
            return Ok(Self {
                key: offered.key.clone(),
                name: offered.name.clone(),
                kind: offered.kind,
                own: None,
                issuer: offered.issuer.clone(),
                client_id: offered.client_id.clone(),
                client_secret: offered.client_secret.clone(),
            });
        }
        let id: ProviderId = key.parse().map_err(|_no_id| Problem::not_found())?;
        let row = store::provider(&identity.db, tenant, id).await?;
        let row = row.filter(|row| row.active);
        Self::of(identity, row.ok_or_else(Problem::not_found)?)
    }

    fn of(identity: &Identity, row: identity_provider::Model) -> Result<Self, Problem> {
        let secret = identity
            .seal
            .open(&row.sealed_client_secret, &context(row.id));
        let secret = String::from_utf8(secret.map_err(Problem::internal)?);
        Ok(Self {
            key: row.id.to_string(),
            name: row.name,
            kind: Kind::Openid,
            own: Some(row.id),
            issuer: row.issuer,
            client_id: row.client_id,
            client_secret: SecretString::from(secret.map_err(Problem::internal)?),
        })
    }

    /// What a session that it opens rests on.
    fn method(&self) -> Method {
        match self.own {
            None => Method::Provider,
            Some(_) => Method::OwnProvider,
        }
    }
}

/// What a sealed client secret is bound to.
fn context(id: ProviderId) -> Vec<u8> {
    format!("identity provider {id}").into_bytes()
}

/// What a provider says of somebody.
#[derive(Debug)]
struct Asserted {
    /// What it calls the person, for good.
    subject: String,
    email: Option<EmailAddress>,
    /// Whether the person was seen to read mail at the address.
    email_verified: bool,
    name: Option<String>,
}

impl Asserted {
    /// The address, where it is one and the person reads mail there.
    fn address(&self) -> Option<&EmailAddress> {
        let verified = self.email.as_ref().filter(|_| self.email_verified);
        verified.filter(|email| crate::account::well_formed(email, &()).is_ok())
    }
}

/// Why a provider could not be asked, or is not believed. Nothing in it is a secret.
#[derive(Debug, thiserror::Error)]
enum ProviderError {
    #[error("call the provider")]
    Call(#[from] CallError),
    #[error("an address of the provider is no address")]
    Address(#[source] oauth2::url::ParseError),
    #[error("the provider answered wrong: {0}")]
    Answer(&'static str),
    #[error("the ID token is refused: {0}")]
    Token(&'static str),
    #[error("the ID token is signed with a key that the provider does not publish")]
    UnknownKey,
}

impl From<ProviderError> for Problem {
    /// One code whatever it was: details would tell who set the provider up what there is inside our network.
    fn from(error: ProviderError) -> Self {
        Self::new(StatusCode::BAD_GATEWAY, "provider_failed")
            .with_detail(
                "the identity provider cannot be reached, or answers what is not to be believed",
            )
            .with_cause(error)
    }
}
