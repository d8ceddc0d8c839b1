//! Access tokens of people: Ed25519 JWTs (RFC 7519, RFC 8037) profiled after RFC 9068.

use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use kernel::{Permissions, Role, SessionId, TenantId, UserId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{LEEWAY_SECONDS, TokenError};

/// `iss` of every access token.
pub const ISSUER: &str = "tenantry";
/// `aud` of every access token: the API as a whole; `tenant_id` narrows it to one organization.
pub const AUDIENCE: &str = "tenantry";
/// `typ` header (RFC 9068 §2.1): keeps every other kind of token out.
const TYPE: &str = "at+jwt";
/// Size of an Ed25519 private key.
pub const SEED_BYTES: usize = 32;
/// What makes PKCS #8 of an Ed25519 seed (RFC 8410 §7).
const PKCS8_PREFIX: [u8; 16] = [
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
];

/// What stands behind an access token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Via {
    /// A person who signed in.
    #[default]
    Session,
    /// A program with a personal access token.
    PersonalToken,
}

/// What an access token says. All of it is required but `via` and `zoneinfo`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AccessClaims {
    /// Always [`ISSUER`].
    pub iss: String,
    /// Always [`AUDIENCE`].
    pub aud: String,
    /// The person.
    pub sub: UserId,
    /// The organization it is good for.
    pub tenant_id: TenantId,
    /// The session that it lives by.
    pub sid: SessionId,
    /// Id of this token.
    pub jti: Uuid,
    /// Issued at, seconds since 1970.
    pub iat: i64,
    /// Not good before, seconds since 1970.
    pub nbf: i64,
    /// Not good from then on, seconds since 1970.
    pub exp: i64,
    /// The person's display name.
    pub name: String,
    /// The person's e-mail address.
    pub email: String,
    /// The person's roles in the organization; one today.
    pub roles: Vec<Role>,
    /// What the roles come to, or as much of it as the personal token may.
    pub permissions: Permissions,
    /// What stands behind it.
    #[serde(default)]
    pub via: Via,
    /// IANA name of the person's time zone, if it is known (OpenID Connect Core §5.1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zoneinfo: Option<String>,
}

/// Signs access tokens with one key.
pub struct AccessSigner {
    kid: String,
    pub(super) key: EncodingKey,
}

impl AccessSigner {
    /// A signer for the Ed25519 private key `seed` (RFC 8032 §5.1.5: 32 random bytes).
    pub fn new(kid: impl Into<String>, seed: &[u8; SEED_BYTES]) -> Self {
        let pkcs8 = [&PKCS8_PREFIX[..], seed].concat();
        Self {
            kid: kid.into(),
            key: EncodingKey::from_ed_der(&pkcs8),
        }
    }

    /// The id of the key.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The signed token.
    pub fn sign(&self, claims: &AccessClaims) -> Result<String, TokenError> {
        let mut header = Header::new(Algorithm::EdDSA);
        header.typ = Some(TYPE.to_owned());
        header.kid = Some(self.kid.clone());
        Ok(jsonwebtoken::encode(&header, claims, &self.key)?)
    }

    /// The public half, for the JWKS (RFC 7517).
    pub fn public_jwk(&self) -> Result<Jwk, TokenError> {
        let mut jwk = Jwk::from_encoding_key(&self.key, Algorithm::EdDSA)?;
        jwk.common.key_id = Some(self.kid.clone());
        jwk.common.public_key_use = Some(jsonwebtoken::jwk::PublicKeyUse::Signature);
        Ok(jwk)
    }
}

impl std::fmt::Debug for AccessSigner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "AccessSigner({})", self.kid)
    }
}

/// The key id that a token names, after a look at its header alone.
pub(super) fn key_id(token: &str) -> Result<String, TokenError> {
    let header = jsonwebtoken::decode_header(token)?;
    if header.alg != Algorithm::EdDSA {
        return Err(TokenError::Refused("algorithm"));
    }
    if header.typ.as_deref() != Some(TYPE) {
        return Err(TokenError::Refused("type"));
    }
    if header.crit.is_some() || header.zip.is_some() {
        return Err(TokenError::Refused("header"));
    }
    header.kid.ok_or(TokenError::Refused("no key id"))
}

/// Checks the token's signature and claims with the key it named.
pub(super) fn verify(token: &str, key: &DecodingKey) -> Result<AccessClaims, TokenError> {
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.leeway = LEEWAY_SECONDS;
    validation.validate_nbf = true;
    validation.set_issuer(&[ISSUER]);
    validation.set_audience(&[AUDIENCE]);
    validation.set_required_spec_claims(&["exp", "nbf", "iss", "aud", "sub"]);
    let claims = jsonwebtoken::decode::<AccessClaims>(token, key, &validation)?.claims;
    let latest = jsonwebtoken::get_current_timestamp().saturating_add(LEEWAY_SECONDS);
    let from_the_future = u64::try_from(claims.iat).is_ok_and(|iat| iat > latest);
    if from_the_future || claims.iat > claims.exp || claims.roles.is_empty() {
        return Err(TokenError::Refused("claims"));
    }
    Ok(claims)
}

/// Refuses a token that was good once and is not any more.
pub(super) fn check_time(claims: &AccessClaims) -> Result<(), TokenError> {
    let earliest = jsonwebtoken::get_current_timestamp().saturating_sub(LEEWAY_SECONDS);
    if u64::try_from(claims.exp).is_ok_and(|exp| exp > earliest) {
        Ok(())
    } else {
        Err(TokenError::Refused("expired"))
    }
}
