//! The public keys that access tokens are checked with.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use jsonwebtoken::DecodingKey;
use jsonwebtoken::jwk::JwkSet;
use reqwest::Client;
use tokio::sync::Mutex;
use tokio::time::Instant;
use url::Url;

use super::access::{self, AccessClaims};
use super::{MAX_TOKEN_BYTES, TokenError};

/// Least time between two fetches: tokens with made-up key ids must not become a load on identity.
const MIN_REFRESH_INTERVAL: Duration = Duration::from_secs(5);
const FETCH_TIMEOUT: Duration = Duration::from_secs(2);

/// Public keys by their id. Clones share what they know.
#[derive(Clone)]
pub struct Keys(Arc<Inner>);

struct Inner {
    known: ArcSwap<HashMap<String, DecodingKey>>,
    remote: Option<Remote>,
}

struct Remote {
    url: Url,
    http: Client,
    fetched_at: Mutex<Option<Instant>>,
}

impl Keys {
    /// Keys served at `url` as a JWKS (RFC 7517 §5), fetched when a token names one not known yet.
    pub fn remote(url: Url, http: Client) -> Self {
        let remote = Remote {
            url,
            http,
            fetched_at: Mutex::new(None),
        };
        Self(Arc::new(Inner {
            known: ArcSwap::default(),
            remote: Some(remote),
        }))
    }

    /// Keys that the process itself holds; see [`Keys::replace`].
    pub fn local() -> Self {
        Self(Arc::new(Inner {
            known: ArcSwap::default(),
            remote: None,
        }))
    }

    /// Takes `set` in place of the keys known so far.
    pub fn replace(&self, set: &JwkSet) {
        let usable = set.keys.iter().filter_map(|jwk| {
            let kid = jwk.common.key_id.clone()?;
            Some((kid, DecodingKey::from_jwk(jwk).ok()?))
        });
        self.0.known.store(Arc::new(usable.collect()));
    }

    /// What the token says, when it is one of ours and in its time.
    pub async fn verify(&self, token: &str) -> Result<AccessClaims, TokenError> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(TokenError::Refused("too long"));
        }
        let kid = access::key_id(token)?;
        if let Some(key) = self.0.known.load().get(&kid) {
            return access::verify(token, key);
        }
        self.refresh().await?;
        match self.0.known.load().get(&kid) {
            Some(key) => access::verify(token, key),
            None => Err(TokenError::Refused("unknown key")),
        }
    }

    /// Fetches the keys, at most once in [`MIN_REFRESH_INTERVAL`]; callers that come meanwhile wait
    /// for the same fetch.
    async fn refresh(&self) -> Result<(), TokenError> {
        let Some(remote) = &self.0.remote else {
            return Ok(());
        };
        let mut fetched_at = remote.fetched_at.lock().await;
        if fetched_at.is_some_and(|at| at.elapsed() < MIN_REFRESH_INTERVAL) {
            return Ok(());
        }
        let fetched = async {
            let answer = remote
                .http
                .get(remote.url.clone())
                .timeout(FETCH_TIMEOUT)
                .send()
                .await?;
            answer.error_for_status()?.json::<JwkSet>().await
        };
        let set = fetched
            .await
            .map_err(|error| TokenError::KeysUnavailable(Some(error)))?;
        self.replace(&set);
        *fetched_at = Some(Instant::now());
        Ok(())
    }
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.0.known.load().keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::{Algorithm, EncodingKey, Header};
    use kernel::{Ids, Role};
    use serde_json::json;

    use super::super::AccessSigner;
    use super::super::access::SEED_BYTES;
    use super::*;

    fn signer(kid: &str) -> AccessSigner {
        let mut seed = [0; SEED_BYTES];
        kernel::secret::fill(&mut seed).unwrap();
        AccessSigner::new(kid, &seed)
    }

    fn keys(signer: &AccessSigner) -> Keys {
        let keys = Keys::local();
        keys.replace(&JwkSet {
            keys: vec![signer.public_jwk().unwrap()],
        });
        keys
    }

    fn claims() -> AccessClaims {
        let ids = Ids::system();
        let now = i64::try_from(jsonwebtoken::get_current_timestamp()).unwrap();
        AccessClaims {
            iss: access::ISSUER.into(),
            aud: access::AUDIENCE.into(),
            sub: ids.next(),
            tenant_id: ids.next(),
            sid: ids.next(),
            jti: uuid::Uuid::nil(),
            iat: now,
            nbf: now,
            exp: now + 900,
            name: "Ada".into(),
            email: "ada@example.com".into(),
            roles: vec![Role::Member],
            permissions: Role::Member.permissions(),
            via: access::Via::Session,
        }
    }

    #[tokio::test]
    async fn own_token_is_read_back() {
        let signer = signer("k1");
        let claims = claims();
        assert_eq!(
            keys(&signer)
                .verify(&signer.sign(&claims).unwrap())
                .await
                .unwrap(),
            claims
        );
    }

    #[tokio::test]
    async fn wrong_claims_are_refused() {
        let signer = signer("k1");
        let keys = keys(&signer);
        let good = claims();
        let wrong = [
            AccessClaims {
                iss: "evil".into(),
                ..good.clone()
            },
            AccessClaims {
                aud: "other".into(),
                ..good.clone()
            },
            AccessClaims {
                exp: good.iat - 60,
                ..good.clone()
            },
            AccessClaims {
                nbf: good.iat + 60,
                ..good.clone()
            },
            AccessClaims {
                roles: vec![],
                ..good.clone()
            },
        ];
        for claims in wrong {
            assert!(
                keys.verify(&signer.sign(&claims).unwrap()).await.is_err(),
                "{claims:?}"
            );
        }
    }

    #[tokio::test]
    async fn each_claim_is_required_and_typed() {
        let signer = signer("k1");
        let keys = keys(&signer);
        let mut header = Header::new(Algorithm::EdDSA);
        header.typ = Some("at+jwt".into());
        header.kid = Some("k1".into());
        let good = serde_json::to_value(claims()).unwrap();
        for name in good
            .as_object()
            .unwrap()
            .keys()
            .filter(|name| *name != "via")
        {
            let mut without = good.clone();
            without.as_object_mut().unwrap().remove(name);
            let mut mistyped = good.clone();
            mistyped[name] = json!({"a": 1});
            for claims in [without, mistyped] {
                let token = jsonwebtoken::encode(&header, &claims, &signer.key).unwrap();
                assert!(keys.verify(&token).await.is_err(), "{name}");
            }
        }
    }

    #[tokio::test]
    async fn forged_headers_are_refused() {
        let signer = signer("k1");
        let keys = keys(&signer);
        let jwk = signer.public_jwk().unwrap();
        let public = serde_json::to_vec(&jwk).unwrap();
        let sign = |header: &Header, key: &EncodingKey| {
            jsonwebtoken::encode(header, &claims(), key).unwrap()
        };

        let mut symmetric = Header::new(Algorithm::HS256);
        symmetric.typ = Some("at+jwt".into());
        symmetric.kid = Some("k1".into());
        let mut plain = Header::new(Algorithm::EdDSA);
        plain.kid = Some("k1".into());
        let mut foreign = plain.clone();
        foreign.typ = Some("at+jwt".into());
        foreign.kid = Some("../../dev/null".into());
        let other = self::signer("k1");
        let mut with_own_key = foreign.clone();
        with_own_key.kid = Some("k1".into());
        with_own_key.jwk = Some(other.public_jwk().unwrap());

        for (what, token) in [
            (
                "public key as secret",
                sign(&symmetric, &EncodingKey::from_secret(&public)),
            ),
            ("no type", sign(&plain, &signer.key)),
            ("unknown key id", sign(&foreign, &signer.key)),
            ("key brought along", sign(&with_own_key, &other.key)),
        ] {
            assert!(keys.verify(&token).await.is_err(), "{what}");
        }
    }

    #[tokio::test]
    async fn damaged_tokens_are_refused() {
        let signer = signer("k1");
        let keys = keys(&signer);
        let token = signer.sign(&claims()).unwrap();
        let parts: Vec<&str> = token.split('.').collect();
        let none = r#"eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0Iiwia2lkIjoiazEifQ"#;
        let (payload, signature) = (parts[1], parts[2]);
        for bad in [
            format!("{}.{payload}.", parts[0]),
            format!("{}.{payload}", parts[0]),
            format!("{none}.{payload}."),
            format!("{none}.{payload}.{signature}"),
            format!("{token}A"),
            format!(" {token}"),
            "a".repeat(1_000_000),
            String::new(),
        ] {
            assert!(keys.verify(&bad).await.is_err());
        }
    }
}
