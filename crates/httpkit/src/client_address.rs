//! Where a request came from, as the gateway tells it.
//!
//! The gateway alone sees the client; it strips this header from what comes from outside and sets
//! its own. A service believes it only beside a service token.

use std::convert::Infallible;
use std::net::IpAddr;

use axum::extract::FromRequestParts;
use http::request::Parts;

/// The header that carries the client's address.
pub const CLIENT_ADDRESS_HEADER: &str = "x-tenantry-client";

/// The client's address; `None` in a call that no client caused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientAddress(pub Option<IpAddr>);

impl<S: Send + Sync> FromRequestParts<S> for ClientAddress {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let header = parts.headers.get(CLIENT_ADDRESS_HEADER);
        let text = header.and_then(|value| value.to_str().ok());
        Ok(Self(text.and_then(|text| text.parse().ok())))
    }
}
