//! Calls to providers. Organizations name the addresses: see [`httpkit::outbound`]. An answer has a bound, and a call
//! has a deadline.

use std::pin::Pin;
use std::time::Duration;

use httpkit::outbound::{self, OutboundError};
use ipnet::IpNet;
use oauth2::{AsyncHttpClient, HttpRequest, HttpResponse};
use reqwest::Request;
use url::Url;

/// From the first byte sent to the last one read.
const TOTAL_TIMEOUT: Duration = Duration::from_secs(10);
/// A key set of dozens of keys has 50 KiB.
const MAX_ANSWER_BYTES: usize = 256 * 1024;

/// Why a call came to nothing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CallError {
    #[error(transparent)]
    Outbound(#[from] OutboundError),
    #[error("the answer is longer than {MAX_ANSWER_BYTES} bytes")]
    TooLong,
    #[error("the answer is no answer")]
    Answer(#[from] axum::http::Error),
}

impl From<reqwest::Error> for CallError {
    fn from(error: reqwest::Error) -> Self {
        Self::Outbound(error.into())
    }
}

/// The way out.
pub(crate) struct Outbound(outbound::Outbound);

impl Outbound {
    /// `own` are networks of the operator's where providers may be too, even without TLS.
    pub(crate) fn new(own: &[IpNet]) -> Result<Self, reqwest::Error> {
        Ok(Self(outbound::Outbound::new(own, TOTAL_TIMEOUT)?))
    }

    /// Whether an address has a form that may be called; what its name stands for is seen when it is.
    pub(super) fn may_call(&self, url: &Url) -> bool {
        self.0.may_call(url)
    }

    /// Calls, and reads the whole answer.
    pub(super) async fn send(&self, request: HttpRequest) -> Result<HttpResponse, CallError> {
        let mut answer = self.0.send(Request::try_from(request)?).await?;
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await? {
            if body.len() + chunk.len() > MAX_ANSWER_BYTES {
                return Err(CallError::TooLong);
            }
            body.extend_from_slice(&chunk);
        }
        let mut response = axum::http::Response::builder().status(answer.status());
        for (name, value) in answer.headers() {
            response = response.header(name, value);
        }
        Ok(response.body(body)?)
    }
}

impl<'c> AsyncHttpClient<'c> for Outbound {
    type Error = CallError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, CallError>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.send(request))
    }
}
