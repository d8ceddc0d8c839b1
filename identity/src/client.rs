//! Where a call comes from, as the gateway tells: kept with a session, and part of the throttle's key.

use std::convert::Infallible;
use std::net::IpAddr;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use httpkit::browser::BROWSER_HEADER;

/// The header in which the gateway names the client's address.
const ADDRESS: &str = "x-tenantry-client";
/// More of a user agent tells nobody anything.
const USER_AGENT_CHARS: usize = 200;

/// The client of a request. Believed only behind a service token, which every route here asks for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Client {
    pub(crate) address: Option<IpAddr>,
    pub(crate) user_agent: Option<String>,
    /// Whether it keeps its session in cookies.
    pub(crate) browser: bool,
}

impl<S: Send + Sync> FromRequestParts<S> for Client {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let text = |name| text_of(&parts.headers, name);
        Ok(Self {
            address: text(ADDRESS).and_then(|address| address.parse().ok()),
            user_agent: text(header::USER_AGENT.as_str())
                .map(|agent| agent.chars().take(USER_AGENT_CHARS).collect()),
            browser: parts.headers.contains_key(BROWSER_HEADER),
        })
    }
}

fn text_of<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}
