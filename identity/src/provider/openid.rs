//! OpenID Connect: what a provider says of itself (discovery), and what it says of a person (the ID token).

use std::sync::Arc;
use std::time::Duration;

use axum::http::{Request, header};
use jsonwebtoken::jwk::{Jwk, KeyAlgorithm, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use kernel::secret::sha256;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use url::Url;

use super::network::Outbound;
use super::settings::{DocumentCache, Kind};
use super::{Asserted, Provider, ProviderError};
use crate::account::EmailAddress;

/// How long a provider's documents are believed.
const DOCUMENT_LIFETIME: Duration = Duration::from_secs(600);
const MAX_DOCUMENTS: u64 = 1_000;
/// Clocks of providers differ from ours.
const LEEWAY_SECONDS: u64 = 30;
/// Signatures that need no secret of ours; what is signed with one proves nothing to others, and `none` nothing at all.
const ALGORITHMS: [Algorithm; 9] = [
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::EdDSA,
];

/// What a provider says of itself (OpenID Connect Discovery 1.0 §3).
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Metadata {
    pub(super) issuer: String,
    pub(super) authorization_endpoint: Url,
    pub(super) token_endpoint: Url,
    jwks_uri: Url,
    #[serde(default)]
    userinfo_endpoint: Option<Url>,
    #[serde(default)]
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

#[derive(Deserialize)]
struct KeySet {
    keys: Vec<Value>,
}

/// Documents of providers, kept for a while.
pub(super) struct Documents {
    metadata: DocumentCache<Metadata>,
    keys: DocumentCache<Vec<Jwk>>,
}

impl Default for Documents {
    fn default() -> Self {
        Self {
            metadata: cache(),
            keys: cache(),
        }
    }
}

fn cache<T: Send + Sync + 'static>() -> DocumentCache<T> {
    moka::future::Cache::builder()
        .max_capacity(MAX_DOCUMENTS)
        .time_to_live(DOCUMENT_LIFETIME)
        .build()
}

impl Metadata {
    /// Whether the client's secret goes into the body: only where the header is not understood (RFC 6749 §2.3.1).
    pub(super) fn secret_in_body(&self) -> bool {
        let methods = self.token_endpoint_auth_methods_supported.as_deref();
        methods.is_some_and(|methods| {
            let knows = |name: &str| methods.iter().any(|method| method == name);
            knows("client_secret_post") && !knows("client_secret_basic")
        })
    }

    /// Passes an answer of this provider, and none that another provider gave in its place (RFC 9207).
    pub(super) fn check_sender(&self, iss: Option<&str>) -> Result<(), ProviderError> {
        match iss {
            Some(iss) if iss == self.issuer => Ok(()),
            None if !self.authorization_response_iss_parameter_supported => Ok(()),
            _ => Err(ProviderError::Answer("sent by another issuer")),
        }
    }
}

/// What the provider at `issuer` says of itself.
pub(super) async fn discover(
    outbound: &Outbound,
    documents: &Documents,
    issuer: &str,
) -> Result<Arc<Metadata>, ProviderError> {
    if let Some(known) = documents.metadata.get(issuer).await {
        return Ok(known);
    }
    let metadata: Metadata = get(outbound, &document_url(issuer), None).await?;
    if metadata.issuer != issuer {
        return Err(ProviderError::Answer("metadata of another issuer"));
    }
    let endpoints = [
        &metadata.authorization_endpoint,
        &metadata.token_endpoint,
        &metadata.jwks_uri,
    ];
    if !endpoints.into_iter().all(|url| outbound.may_call(url)) {
        return Err(ProviderError::Answer(
            "metadata with endpoints that may not be called",
        ));
    }
    let metadata = Arc::new(metadata);
    let kept = Arc::clone(&metadata);
    documents.metadata.insert(issuer.to_owned(), kept).await;
    Ok(metadata)
}

fn document_url(issuer: &str) -> String {
    let issuer = issuer.trim_end_matches('/');
    format!("{issuer}/.well-known/openid-configuration")
}

/// What an ID token must be.
pub(super) struct Expected<'a> {
    pub(super) provider: &'a Provider,
    pub(super) nonce: &'a str,
}

/// The claims of an ID token, and of a userinfo answer.
#[derive(Debug, Deserialize)]
struct Claims {
    sub: String,
    #[serde(default)]
    aud: Value,
    #[serde(default)]
    azp: Option<String>,
    #[serde(default)]
    nonce: Option<String>,
    #[serde(default)]
    email: Option<EmailAddress>,
    #[serde(default, deserialize_with = "truth")]
    email_verified: bool,
    #[serde(default)]
    name: Option<String>,
    /// Google: the organization that hosts the mail box.
    #[serde(default)]
    hd: Option<String>,
    /// Slack: people are numbered within a team.
    #[serde(default, rename = "https://slack.com/team_id")]
    slack_team: Option<String>,
}

/// Some providers write booleans as text.
fn truth<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    let value = Value::deserialize(deserializer)?;
    Ok(value == Value::Bool(true) || value == "true")
}

/// Who the person is, out of the ID token and, where that names no address, the userinfo endpoint.
pub(super) async fn ask(
    outbound: &Outbound,
    documents: &Documents,
    metadata: &Metadata,
    expected: &Expected<'_>,
    id_token: &str,
    access_token: &str,
) -> Result<Asserted, ProviderError> {
    let mut claims = match verify(
        &keys(outbound, documents, metadata).await?,
        expected,
        id_token,
    ) {
        // The provider may sign with a key that is newer than the set at hand.
        Err(ProviderError::UnknownKey) => {
            documents.keys.invalidate(metadata.jwks_uri.as_str()).await;
            verify(
                &keys(outbound, documents, metadata).await?,
                expected,
                id_token,
            )?
        }
        verified => verified?,
    };
    if let (None, Some(endpoint)) = (&claims.email, &metadata.userinfo_endpoint) {
        let more: Claims = get(outbound, endpoint.as_str(), Some(access_token)).await?;
        if more.sub != claims.sub {
            return Err(ProviderError::Answer("userinfo of somebody else"));
        }
        claims.email = more.email;
        claims.email_verified = more.email_verified;
        claims.name = claims.name.or(more.name);
    }
    Ok(assertion(expected.provider.kind, claims))
}

fn assertion(kind: Kind, claims: Claims) -> Asserted {
    let subject = match (kind, claims.slack_team) {
        (Kind::Slack, Some(team)) => format!("{team}:{}", claims.sub),
        _ => claims.sub,
    };
    // Google knows who reads mail that it hosts; of other addresses it knows who did when the account was made.
    let by_host = kind != Kind::Google
        || claims.hd.is_some()
        || claims
            .email
            .as_ref()
            .is_some_and(|email| email.as_str().ends_with("@gmail.com"));
    Asserted {
        subject,
        email: claims.email,
        email_verified: claims.email_verified && by_host,
        name: claims.name,
    }
}

async fn keys(
    outbound: &Outbound,
    documents: &Documents,
    metadata: &Metadata,
) -> Result<Arc<Vec<Jwk>>, ProviderError> {
    let address = metadata.jwks_uri.as_str();
    if let Some(known) = documents.keys.get(address).await {
        return Ok(known);
    }
    let set: KeySet = get(outbound, address, None).await?;
    // A set may hold keys of kinds we do not know.
    let known = set.keys.into_iter().map(serde_json::from_value);
    let keys: Arc<Vec<Jwk>> = Arc::new(known.filter_map(Result::ok).collect());
    let kept = Arc::clone(&keys);
    documents.keys.insert(address.to_owned(), kept).await;
    Ok(keys)
}

/// OpenID Connect Core 1.0 §3.1.3.7.
fn verify(keys: &[Jwk], expected: &Expected<'_>, token: &str) -> Result<Claims, ProviderError> {
    let refused = |_: jsonwebtoken::errors::Error| ProviderError::Token("signature or claims");
    let header = decode_header(token).map_err(refused)?;
    if !ALGORITHMS.contains(&header.alg) || header.crit.is_some() {
        return Err(ProviderError::Token("algorithm"));
    }
    let fits = |key: &&Jwk| {
        let named = header.kid.is_none() || key.common.key_id == header.kid;
        let signs = key.common.public_key_use != Some(PublicKeyUse::Encryption);
        let meant = key
            .common
            .key_algorithm
            .is_none_or(|meant| meant == KeyAlgorithm::from(header.alg));
        named && signs && meant
    };
    let provider = expected.provider;
    let mut validation = Validation::new(header.alg);
    validation.leeway = LEEWAY_SECONDS;
    validation.validate_nbf = true;
    validation.set_issuer(&[&provider.issuer]);
    validation.set_audience(&[&provider.client_id]);
    validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    let key = keys.iter().find(fits).ok_or(ProviderError::UnknownKey)?;
    let key = DecodingKey::from_jwk(key).map_err(refused)?;
    let claims: Claims = decode(token, &key, &validation).map_err(refused)?.claims;
    // Hashed first, so that how long the comparison takes says nothing of the nonce.
    let nonce = claims.nonce.as_deref().map(sha256);
    if nonce != Some(sha256(expected.nonce)) {
        return Err(ProviderError::Token("nonce"));
    }
    let for_several = claims.aud.as_array().is_some_and(|aud| aud.len() > 1);
    let to_us = claims
        .azp
        .as_ref()
        .map_or(!for_several, |azp| *azp == provider.client_id);
    if !to_us || claims.sub.is_empty() {
        return Err(ProviderError::Token("authorized party or subject"));
    }
    Ok(claims)
}

/// A JSON document.
pub(super) async fn get<T: DeserializeOwned>(
    outbound: &Outbound,
    address: &str,
    access_token: Option<&str>,
) -> Result<T, ProviderError> {
    let mut request = Request::get(address).header(header::ACCEPT, "application/json");
    if let Some(token) = access_token {
        request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
    }
    let request = request
        .body(Vec::new())
        .map_err(super::network::CallError::from)?;
    let answer = outbound.send(request).await?;
    if !answer.status().is_success() {
        return Err(ProviderError::Answer("a status that is no success"));
    }
    serde_json::from_slice(answer.body())
        .map_err(|_not_ours| ProviderError::Answer("a body that is not what was asked for"))
}
