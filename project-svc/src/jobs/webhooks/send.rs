//! One attempt: a signed request, and what came of it.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, StatusCode};
use httpkit::outbound::{AddressRefused, OutboundError};
use kernel::TenantId;
use reqwest::{Request, Response};
use tokio::time::{Instant, timeout};

use super::queue::Claimed;
use crate::state::AppState;
use crate::webhook::secret::Secret;

/// How much of an answer is read and kept: enough for a word of explanation.
const ANSWER_BYTES: usize = 1_024;
/// How long reading that may take.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(2);

/// Why an attempt was no success.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::Display, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub(super) enum Failure {
    /// All that the name stands for is inside, or the address is not to be called any more.
    AddressRefused,
    /// No connection: no such name, nobody listens, TLS fails.
    ConnectionFailed,
    /// No answer in time.
    Timeout,
    /// The connection ended before the answer.
    Interrupted,
    /// 3xx: redirects are not followed.
    Redirect,
    /// Another status than 2xx.
    Status,
    /// The secret cannot be opened.
    SecretLost,
}

/// What came of an attempt.
pub(super) struct Attempt {
    pub(super) started_at: DateTime<Utc>,
    pub(super) ended_at: DateTime<Utc>,
    pub(super) duration_ms: i32,
    pub(super) status: Option<u16>,
    pub(super) error: Option<Failure>,
    pub(super) answer: Option<String>,
    /// How long the receiver wants to be left alone.
    pub(super) retry_after: Option<TimeDelta>,
}

/// What the receiver said.
#[derive(Default)]
struct Said {
    status: Option<StatusCode>,
    error: Option<Failure>,
    answer: Option<String>,
    retry_after: Option<TimeDelta>,
}

/// Sends it.
pub(super) async fn attempt(state: &AppState, tenant: TenantId, claimed: &Claimed) -> Attempt {
    let (started_at, started) = (state.clock.now(), Instant::now());
    let said = match signed(state, tenant, claimed, started_at) {
        Ok(request) => exchange(state, request, started_at).await,
        Err(failure) => failed(failure),
    };
    let elapsed = started.elapsed();
    Attempt {
        started_at,
        ended_at: state.clock.now(),
        duration_ms: i32::try_from(elapsed.as_millis()).unwrap_or(i32::MAX),
        status: said.status.map(|status| status.as_u16()),
        error: said.error,
        answer: said.answer,
        retry_after: said.retry_after,
    }
}

/// The request with the standard's three headers.
fn signed(
    state: &AppState,
    tenant: TenantId,
    claimed: &Claimed,
    now: DateTime<Utc>,
) -> Result<Request, Failure> {
    let (id, body) = (claimed.event_id.to_string(), claimed.body.as_str());
    let sign = |sealed: &[u8]| {
        let secret = Secret::open(sealed, &state.webhooks.seal, tenant, claimed.webhook_id);
        secret.ok()?.sign(&id, now, body)
    };
    let mut signatures = sign(&claimed.secret).ok_or(Failure::SecretLost)?;
    let former = claimed.former_secret.as_deref();
    let still_valid = claimed.former_secret_until.is_some_and(|until| now < until);
    if let Some(former) = former.filter(|_| still_valid).and_then(sign) {
        signatures = format!("{signatures} {former}");
    }
    let client = state.webhooks.outbound.client();
    let request = client
        .post(&claimed.url)
        .header(CONTENT_TYPE, "application/json")
        .header("webhook-id", id.as_str())
        .header("webhook-timestamp", now.timestamp().to_string())
        .header("webhook-signature", signatures)
        .body(claimed.body.clone());
    // The address was checked when it was written down: none that cannot be one is there.
    request
        .build()
        .map_err(|_no_request| Failure::AddressRefused)
}

async fn exchange(state: &AppState, request: Request, now: DateTime<Utc>) -> Said {
    let answer = match state.webhooks.outbound.send(request).await {
        Ok(answer) => answer,
        Err(error) => {
            tracing::debug!(error = &error as &dyn std::error::Error, "webhook attempt");
            return failed(failure(&error));
        }
    };
    let status = answer.status();
    if status.is_success() {
        return Said {
            status: Some(status),
            ..Default::default()
        };
    }
    let error = if status.is_redirection() {
        Failure::Redirect
    } else {
        Failure::Status
    };
    let asks = matches!(
        status,
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE
    );
    Said {
        status: Some(status),
        error: Some(error),
        retry_after: retry_after(answer.headers(), now).filter(|_| asks),
        answer: Some(beginning(answer).await).filter(|text| !text.is_empty()),
    }
}

fn failed(failure: Failure) -> Said {
    Said {
        error: Some(failure),
        ..Default::default()
    }
}

fn failure(error: &OutboundError) -> Failure {
    if AddressRefused::caused(error) {
        return Failure::AddressRefused;
    }
    match error {
        OutboundError::Address(_) => Failure::AddressRefused,
        OutboundError::Http(error) if error.is_timeout() => Failure::Timeout,
        OutboundError::Http(error) if error.is_connect() => Failure::ConnectionFailed,
        OutboundError::Http(_) => Failure::Interrupted,
    }
}

/// How the answer begins, as one line of text. However long or slow it is, little of it is read.
async fn beginning(mut answer: Response) -> String {
    let mut bytes = Vec::new();
    let reading = async {
        while bytes.len() < ANSWER_BYTES
            && let Ok(Some(chunk)) = answer.chunk().await
        {
            bytes.extend_from_slice(&chunk);
        }
    };
    // What came until then is kept.
    let _ = timeout(ANSWER_TIMEOUT, reading).await;
    bytes.truncate(ANSWER_BYTES);
    let text = String::from_utf8_lossy(&bytes).replace(char::is_control, " ");
    text.trim().to_owned()
}

/// Seconds, or a date (RFC 9110 §10.2.3).
fn retry_after(headers: &HeaderMap, now: DateTime<Utc>) -> Option<TimeDelta> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?;
    if let Ok(seconds) = text.parse() {
        return TimeDelta::try_seconds(seconds);
    }
    let date = DateTime::parse_from_rfc2822(text).ok()?;
    Some(date.to_utc() - now)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wait_is_asked_for_in_seconds_or_by_a_date() {
        let now = DateTime::parse_from_rfc3339("2026-03-02T09:30:00Z").unwrap();
        let asked = |text: &str| {
            let headers = HeaderMap::from_iter([(RETRY_AFTER, text.parse().unwrap())]);
            retry_after(&headers, now.to_utc()).map(|wait| wait.num_seconds())
        };
        assert_eq!(asked("120"), Some(120));
        assert_eq!(asked("Mon, 02 Mar 2026 09:31:00 GMT"), Some(60));
        assert_eq!(asked("soon"), None);
        assert_eq!(asked("99999999999999999"), None);
    }
}
