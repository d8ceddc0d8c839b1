//! Tokens: who the person is (`access`), and which service calls for whom (`service`).

mod access;
mod keys;
mod service;

pub use access::{AUDIENCE, AccessClaims, AccessSigner, ISSUER, SEED_BYTES, Via};
pub use keys::Keys;
pub use service::{Resource, SERVICE_TOKEN_HEADER, ServiceClaims, ServiceSigner, ServiceVerifier};

/// Seconds by which clocks of two machines may differ.
const LEEWAY_SECONDS: u64 = 5;

/// Longer ones are refused unread.
const MAX_TOKEN_BYTES: usize = 8 * 1024;

/// Why a token was not taken.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// Not a token of ours, or no longer.
    #[error("refused: {0}")]
    Refused(&'static str),
    /// Not valid by RFC 7519 / RFC 8725.
    #[error("refused")]
    Invalid(#[from] jsonwebtoken::errors::Error),
    /// The keys to check it with could not be had.
    #[error("fetch the signing keys")]
    KeysUnavailable(#[source] Option<reqwest::Error>),
}
