//! Personal access tokens of programs: exchanged at identity for an access token of some minutes, which is remembered
//! by the token's hash. What is refused is remembered for a moment too, so that a wrong token is no load on identity.

use std::sync::Arc;
use std::time::{Duration, Instant};

use http::StatusCode;
use httpkit::Problem;
use httpkit::client::Upstream;
use kernel::TenantId;
use moka::future::Cache;
use serde::{Deserialize, Serialize};

/// What every such token begins with.
const PREFIX: &str = "tntp_";
const EXCHANGE: &str = "/internal/v1/tokens/exchange";

/// Tokens remembered.
const TOKENS: u64 = 100_000;
/// How long a refusal is not asked about again.
const REFUSED: Duration = Duration::from_secs(10);
/// An access token is not used up to its last second: requests take time.
const EARLY: Duration = Duration::from_secs(30);
/// Longer than identity ever takes when it is well.
const TIMEOUT: Duration = Duration::from_secs(2);
/// Seconds after which a client may come back.
const RETRY_AFTER_SECONDS: u64 = 2;

/// By organization and hash: what is remembered must not be worth stealing.
type Key = (TenantId, [u8; 32]);

/// What a personal token came to.
#[derive(Debug, Clone)]
enum Known {
    Access { token: Arc<str>, until: Instant },
    Refused { until: Instant },
}

/// Identity gave no answer.
#[derive(Debug)]
struct Away;

/// The tokens that are known.
#[derive(Clone)]
pub struct PersonalTokens {
    identity: Upstream,
    known: Cache<Key, Known>,
}

#[derive(Serialize)]
struct Presented<'a> {
    token: &'a str,
}

#[derive(Deserialize)]
struct Exchanged {
    access_token: String,
    expires_in: u64,
}

impl PersonalTokens {
    /// Asks `identity`.
    pub(crate) fn new(identity: Upstream) -> Self {
        let known = Cache::builder().max_capacity(TOKENS).build();
        Self { identity, known }
    }

    /// Whether a bearer token is one of these.
    pub(crate) fn is_one(token: &str) -> bool {
        token.starts_with(PREFIX)
    }

    /// The access token that a personal token of this organization stands for. Requests that come meanwhile wait for
    /// the same answer.
    pub(crate) async fn exchange(
        &self,
        token: &str,
        tenant: TenantId,
    ) -> Result<Arc<str>, Problem> {
        let key = key(token, tenant);
        if let Some(known) = self.known.get(&key).await
            && known.is_over()
        {
            self.known.invalidate(&key).await;
        }
        let known = self.known.try_get_with(key, self.ask(token, tenant)).await;
        match known {
            Ok(Known::Access { token, .. }) => Ok(token),
            Ok(Known::Refused { .. }) => Err(refused()),
            Err(_away) => Err(Problem::unavailable(
                "identity_unavailable",
                RETRY_AFTER_SECONDS,
            )),
        }
    }

    /// Forgets what a token came to: what its owner may do has changed.
    pub(crate) async fn forget(&self, token: &str, tenant: TenantId) {
        self.known.invalidate(&key(token, tenant)).await;
    }

    async fn ask(&self, token: &str, tenant: TenantId) -> Result<Known, Away> {
        let body = Presented { token };
        let answer = self
            .identity
            .post::<Exchanged>(EXCHANGE, Some(tenant), &body);
        match tokio::time::timeout(TIMEOUT, answer).await {
            Ok(Ok(exchanged)) => {
                let good = Duration::from_secs(exchanged.expires_in).saturating_sub(EARLY);
                Ok(Known::Access {
                    token: exchanged.access_token.into(),
                    until: Instant::now() + good,
                })
            }
            Ok(Err(error)) if is_refusal(error.status()) => Ok(Known::Refused {
                until: Instant::now() + REFUSED,
            }),
            Ok(Err(error)) => {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(error, "exchange a personal token");
                Err(Away)
            }
            Err(_) => {
                tracing::warn!("identity did not exchange a personal token in time");
                Err(Away)
            }
        }
    }
}

impl Known {
    fn is_over(&self) -> bool {
        let (Self::Access { until, .. } | Self::Refused { until }) = self;
        *until <= Instant::now()
    }
}

fn key(token: &str, tenant: TenantId) -> Key {
    (tenant, kernel::secret::sha256(token))
}

/// What identity says about the token, and not about the call.
fn is_refusal(status: Option<StatusCode>) -> bool {
    matches!(
        status,
        Some(StatusCode::UNAUTHORIZED | StatusCode::UNPROCESSABLE_ENTITY)
    )
}

fn refused() -> Problem {
    Problem::unauthorized("token_refused")
        .with_detail("the personal access token is not valid, or no longer")
}
