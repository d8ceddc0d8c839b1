//! The public keys that access tokens are checked with, and the tokens that they have checked.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use jsonwebtoken::DecodingKey;
use jsonwebtoken::jwk::JwkSet;
use moka::sync::Cache;
use reqwest::Client;
use tokio::sync::Mutex;
use tokio::time::Instant;
use url::Url;

use super::access::{self, AccessClaims};
use super::{MAX_TOKEN_BYTES, TokenError};

/// Least time between two fetches: tokens with made-up key ids must not become a load on identity.
const MIN_REFRESH_INTERVAL: Duration = Duration::from_secs(5);
/// Keys are asked for again after this time, so that one that was withdrawn is forgotten.
const STALE: Duration = Duration::from_secs(60);
/// How long that waits after it failed: the keys known so far serve on.
const STALE_RETRY: Duration = Duration::from_secs(15);
const FETCH_TIMEOUT: Duration = Duration::from_secs(2);
/// Tokens remembered, each with about half a kilobyte of claims. Checking a signature takes some 50 µs, finding the
/// token in memory two.
const TOKENS: u64 = 20_000;
/// A token that nobody shows is forgotten after this.
const IDLE: Duration = Duration::from_secs(300);

/// Public keys by their id. Clones share what they know.
#[derive(Clone)]
pub struct Keys(Arc<Inner>);

struct Inner {
    /// Counts changes of what is known.
    generation: AtomicU64,
    known: ArcSwap<HashMap<String, DecodingKey>>,
    /// By the hash, not the token: what is remembered must not be worth stealing. With the generation of the keys
    /// that it was verified by.
    verified: Cache<[u8; 32], (u64, Arc<AccessClaims>)>,
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
        Self::new(Some(remote))
    }

    /// Keys that the process itself holds; see [`Keys::replace`].
    pub fn local() -> Self {
        Self::new(None)
    }

    fn new(remote: Option<Remote>) -> Self {
        let verified = Cache::builder()
            .max_capacity(TOKENS)
            .time_to_idle(IDLE)
            .build();
        Self(Arc::new(Inner {
            generation: AtomicU64::new(0),
            known: ArcSwap::default(),
            verified,
            remote,
        }))
    }

    /// Takes `set` in place of the keys known so far.
    pub fn replace(&self, set: &JwkSet) {
        let usable = set.keys.iter().filter_map(|jwk| {
            let kid = jwk.common.key_id.clone()?;
            Some((kid, DecodingKey::from_jwk(jwk).ok()?))
        });
        let usable: HashMap<_, _> = usable.collect();
        let same = {
            let known = self.0.known.load();
            known.len() == usable.len() && usable.keys().all(|kid| known.contains_key(kid))
        };
        self.0.known.store(Arc::new(usable));
        if !same {
            self.0.generation.fetch_add(1, Ordering::Release);
        }
    }

    /// What the token says, when it is one of ours and in its time. Its signature is checked once, until the keys
    /// change; its time always.
    pub async fn verify(&self, token: &str) -> Result<Arc<AccessClaims>, TokenError> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(TokenError::Refused("too long"));
        }
        self.renew_behind();
        let hash = kernel::secret::sha256(token);
        let generation = self.0.generation.load(Ordering::Acquire);
        if let Some((verified_by, claims)) = self.0.verified.get(&hash)
            && verified_by == generation
        {
            access::check_time(&claims)?;
            return Ok(claims);
        }
        let claims = Arc::new(self.verify_signature(token).await?);
        let remembered = (generation, Arc::clone(&claims));
        self.0.verified.insert(hash, remembered);
        Ok(claims)
    }

    async fn verify_signature(&self, token: &str) -> Result<AccessClaims, TokenError> {
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

    /// Asks for keys that were fetched a while ago, beside the request that noticed.
    fn renew_behind(&self) {
        if self.is_stale() {
            let keys = self.clone();
            tokio::spawn(async move { keys.renew().await });
        }
    }

    fn is_stale(&self) -> bool {
        let Some(remote) = &self.0.remote else {
            return false;
        };
        // Who holds the lock is fetching.
        let fetched_at = remote.fetched_at.try_lock();
        fetched_at.is_ok_and(|at| at.is_some_and(|at| at.elapsed() >= STALE))
    }

    async fn renew(&self) {
        let Some(remote) = &self.0.remote else {
            return;
        };
        let mut fetched_at = remote.fetched_at.lock().await;
        if fetched_at.is_none_or(|at| at.elapsed() < STALE) {
            return;
        }
        let now = Instant::now();
        *fetched_at = match remote.fetch().await {
            Ok(set) => {
                self.replace(&set);
                Some(now)
            }
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(error, "signing keys not renewed");
                now.checked_sub(STALE).map(|stale| stale + STALE_RETRY)
            }
        };
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
        let set = remote.fetch().await;
        let set = set.map_err(|error| TokenError::KeysUnavailable(Some(error)))?;
        self.replace(&set);
        *fetched_at = Some(Instant::now());
        Ok(())
    }
}

impl Remote {
    async fn fetch(&self) -> Result<JwkSet, reqwest::Error> {
        let request = self.http.get(self.url.clone()).timeout(FETCH_TIMEOUT);
        request.send().await?.error_for_status()?.json().await
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
    use super::super::LEEWAY_SECONDS;
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
            zoneinfo: None,
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
                .unwrap()
                .as_ref(),
            &claims
        );
    }

    #[tokio::test]
    async fn remembered_token_ends_with_its_time() {
        let signer = signer("k1");
        let keys = keys(&signer);
        let leeway = i64::try_from(LEEWAY_SECONDS).unwrap();
        let now = i64::try_from(jsonwebtoken::get_current_timestamp()).unwrap();
        let token = signer.sign(&AccessClaims {
            iat: now - 60,
            nbf: now - 60,
            exp: now - leeway + 2,
            ..claims()
        });
        let token = token.unwrap();
        keys.verify(&token).await.unwrap();
        assert_eq!(keys.0.verified.iter().count(), 1);
        tokio::time::sleep(Duration::from_secs(3)).await;
        assert!(keys.verify(&token).await.is_err());
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
                iat: good.iat + 60,
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

    /// Serves what is in `set`, counts fetches.
    async fn serve(set: Arc<Mutex<Option<JwkSet>>>) -> (Url, Arc<AtomicU64>) {
        let fetches = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&fetches);
        let answer = async move || {
            count.fetch_add(1, Ordering::SeqCst);
            let set = set.lock().await;
            match &*set {
                Some(set) => Ok(serde_json::to_string(set).unwrap()),
                None => Err(http::StatusCode::SERVICE_UNAVAILABLE),
            }
        };
        let router = axum::Router::new().route("/", axum::routing::get(answer));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, router).await });
        (format!("http://{address}/").parse().unwrap(), fetches)
    }

    async fn settled(what: impl Fn() -> bool) {
        let deadline = Instant::now() + Duration::from_secs(10);
        while !what() {
            assert!(Instant::now() < deadline, "it did not come about");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    #[tokio::test]
    async fn a_withdrawn_key_is_forgotten_and_an_outage_forgets_nothing() {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let (old, new) = (signer("old"), signer("new"));
        let set = |signer: &AccessSigner| JwkSet {
            keys: vec![signer.public_jwk().unwrap()],
        };
        let served = Arc::new(Mutex::new(Some(set(&old))));
        let (url, fetches) = serve(Arc::clone(&served)).await;
        let keys = Keys::remote(url, Client::new());
        let token = old.sign(&claims()).unwrap();
        keys.verify(&token).await.unwrap();
        let generation = || keys.0.generation.load(Ordering::Acquire);
        let before = generation();

        // While the keys cannot be had, those known serve on.
        let age = |seconds| {
            let remote = keys.0.remote.as_ref().unwrap();
            let at = Instant::now().checked_sub(Duration::from_secs(seconds));
            *remote.fetched_at.try_lock().unwrap() = at;
        };
        *served.lock().await = None;
        age(61);
        keys.verify(&token).await.unwrap();
        settled(|| fetches.load(Ordering::SeqCst) == 2).await;
        settled(|| !keys.is_stale()).await;
        keys.verify(&token).await.unwrap();
        assert_eq!(generation(), before);

        *served.lock().await = Some(set(&new));
        age(61);
        keys.verify(&token).await.unwrap();
        settled(|| generation() > before).await;
        assert!(keys.verify(&token).await.is_err());
        keys.verify(&new.sign(&claims()).unwrap()).await.unwrap();
    }
}
