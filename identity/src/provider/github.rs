//! GitHub: OAuth 2.0 and an API of its own in place of OpenID Connect.

use serde::Deserialize;

use super::network::Outbound;
use super::{Asserted, ProviderError, openid};
use crate::account::EmailAddress;

/// The public one has its API on another host; a GitHub Enterprise Server has not.
const PUBLIC: &str = "https://github.com";

pub(super) const SCOPES: &[&str] = &["read:user", "user:email"];

#[derive(Deserialize)]
struct User {
    id: u64,
    login: String,
    #[serde(default)]
    name: Option<String>,
}

#[derive(Deserialize)]
struct Email {
    email: EmailAddress,
    primary: bool,
    verified: bool,
}

/// Where to authorize, and where to get a token.
pub(super) fn endpoints(address: &str) -> (String, String) {
    (
        format!("{address}/login/oauth/authorize"),
        format!("{address}/login/oauth/access_token"),
    )
}

/// Who the token belongs to. Accounts are known by their number: a login can change hands.
pub(super) async fn ask(
    outbound: &Outbound,
    address: &str,
    access_token: &str,
) -> Result<Asserted, ProviderError> {
    let api = if address == PUBLIC {
        "https://api.github.com".to_owned()
    } else {
        format!("{address}/api/v3")
    };
    let (user, emails) = (format!("{api}/user"), format!("{api}/user/emails"));
    let user: User = openid::get(outbound, &user, Some(access_token)).await?;
    let emails: Vec<Email> = openid::get(outbound, &emails, Some(access_token)).await?;
    let primary = emails.into_iter().find(|email| email.primary);
    Ok(Asserted {
        subject: user.id.to_string(),
        email_verified: primary.as_ref().is_some_and(|email| email.verified),
        email: primary.map(|email| email.email),
        name: user.name.or(Some(user.login)),
    })
}
