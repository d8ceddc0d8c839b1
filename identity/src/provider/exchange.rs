//! The way to a provider and back: the address to send a browser to, and the code it returns with (RFC 6749 §4.1,
//! always with PKCE, RFC 7636).

use std::borrow::Cow;

use oauth2::basic::{
    BasicErrorResponse, BasicRevocationErrorResponse, BasicTokenIntrospectionResponse,
    BasicTokenType,
};
use oauth2::{
    AuthType, AuthUrl, AuthorizationCode, Client, ClientId, ClientSecret, CsrfToken,
    EndpointNotSet, EndpointSet, ExtraTokenFields, PkceCodeChallenge, PkceCodeVerifier,
    RedirectUrl, RequestTokenError, Scope, StandardRevocableToken, StandardTokenResponse,
    TokenResponse, TokenUrl,
};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use url::Url;

use super::settings::{Kind, Providers};
use super::{Asserted, Provider, ProviderError, github, openid};

/// What only we know of an attempt until it comes back.
#[derive(Serialize, Deserialize)]
pub(super) struct Secrets {
    pub(super) verifier: String,
    pub(super) nonce: String,
}

/// What a browser came back with.
pub(super) struct Returned<'a> {
    pub(super) code: &'a str,
    pub(super) iss: Option<&'a str>,
}

/// What stands beside the access token.
#[derive(Debug, Serialize, Deserialize)]
struct Fields {
    #[serde(default)]
    id_token: Option<String>,
}

impl ExtraTokenFields for Fields {}

type Answer = StandardTokenResponse<Fields, BasicTokenType>;
type Exchange = Client<
    BasicErrorResponse,
    Answer,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointSet,
>;

/// Where a browser is sent to.
pub(super) async fn authorization_url(
    providers: &Providers,
    provider: &Provider,
    redirect_uri: String,
    state: String,
    secrets: &Secrets,
) -> Result<Url, ProviderError> {
    let client = client(providers, provider).await?;
    let verifier = PkceCodeVerifier::new(secrets.verifier.clone());
    let redirect_uri = RedirectUrl::new(redirect_uri).map_err(ProviderError::Address)?;
    let request = client
        .authorize_url(|| CsrfToken::new(state))
        .set_redirect_uri(Cow::Owned(redirect_uri))
        .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier));
    let scopes = match provider.kind {
        Kind::Github => github::SCOPES,
        _ => ["openid", "email", "profile"].as_slice(),
    };
    let scopes = scopes.iter().map(|scope| Scope::new((*scope).to_owned()));
    let request = request.add_scopes(scopes);
    let (url, _) = match provider.kind {
        Kind::Github => request.url(),
        _ => request.add_extra_param("nonce", &secrets.nonce).url(),
    };
    Ok(url)
}

/// Who came back.
pub(super) async fn identify(
    providers: &Providers,
    provider: &Provider,
    redirect_uri: String,
    secrets: &Secrets,
    returned: Returned<'_>,
) -> Result<Asserted, ProviderError> {
    let (outbound, documents) = (&providers.outbound, &providers.documents);
    let metadata = match provider.kind {
        Kind::Github => None,
        _ => Some(openid::discover(outbound, documents, &provider.issuer).await?),
    };
    if let Some(metadata) = &metadata {
        metadata.check_sender(returned.iss)?;
    }
    let redirect_uri = RedirectUrl::new(redirect_uri).map_err(ProviderError::Address)?;
    let answer = client(providers, provider)
        .await?
        .exchange_code(AuthorizationCode::new(returned.code.to_owned()))
        .set_redirect_uri(Cow::Owned(redirect_uri))
        .set_pkce_verifier(PkceCodeVerifier::new(secrets.verifier.clone()))
        .request_async(outbound)
        .await
        .map_err(|error| match error {
            RequestTokenError::Request(error) => ProviderError::Call(error),
            // What is in it may be a token.
            _ => ProviderError::Answer("no token for the code"),
        })?;
    let access_token = answer.access_token().secret();
    let Some(metadata) = metadata else {
        return github::ask(outbound, &provider.issuer, access_token).await;
    };
    let id_token = answer.extra_fields().id_token.as_deref();
    let id_token = id_token.ok_or(ProviderError::Token("missing"))?;
    let expected = openid::Expected {
        provider,
        nonce: &secrets.nonce,
    };
    openid::ask(
        outbound,
        documents,
        &metadata,
        &expected,
        id_token,
        access_token,
    )
    .await
}

async fn client(providers: &Providers, provider: &Provider) -> Result<Exchange, ProviderError> {
    let (authorize, token, auth_type) = if provider.kind == Kind::Github {
        let (authorize, token) = github::endpoints(&provider.issuer);
        (
            AuthUrl::new(authorize).map_err(ProviderError::Address)?,
            TokenUrl::new(token).map_err(ProviderError::Address)?,
            AuthType::RequestBody,
        )
    } else {
        let (outbound, documents) = (&providers.outbound, &providers.documents);
        let metadata = openid::discover(outbound, documents, &provider.issuer).await?;
        let auth_type = if metadata.secret_in_body() {
            AuthType::RequestBody
        } else {
            AuthType::BasicAuth
        };
        (
            AuthUrl::from_url(metadata.authorization_endpoint.clone()),
            TokenUrl::from_url(metadata.token_endpoint.clone()),
            auth_type,
        )
    };
    let secret = provider.client_secret.expose_secret().to_owned();
    Ok(Client::new(ClientId::new(provider.client_id.clone()))
        .set_client_secret(ClientSecret::new(secret))
        .set_auth_type(auth_type)
        .set_auth_uri(authorize)
        .set_token_uri(token))
}
