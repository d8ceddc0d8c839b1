//! Calls from one service to another.
//!
//! Each carries a service token, the request id and the trace; each has a deadline. Answers other
//! than 2xx come back as [`UpstreamError::Status`] with the problem's code.

use std::time::Duration;

use http::{Method, StatusCode};
use kernel::TenantId;
use reqwest::{Client, RequestBuilder};
use serde::Serialize;
use serde::de::DeserializeOwned;
use url::Url;

use crate::tokens::{Resource, SERVICE_TOKEN_HEADER, ServiceSigner, TokenError};
use crate::{Problem, ProblemBody, Service, context};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
const TOTAL_TIMEOUT: Duration = Duration::from_secs(5);
/// Seconds after which a caller may try again when a service is away.
const RETRY_AFTER_SECONDS: u64 = 2;

/// Why a call to another service gave nothing.
#[derive(Debug, thiserror::Error)]
pub enum UpstreamError {
    /// It answered, but not with success.
    #[error("{service} answered {status} ({code})")]
    Status {
        /// Who was asked.
        service: Service,
        /// The HTTP status.
        status: StatusCode,
        /// Code of the problem, empty when the body was none.
        code: String,
        /// Words of the problem.
        detail: Option<String>,
    },
    /// No answer, or not one that could be read.
    #[error("call {service}")]
    Unreachable {
        /// Who was asked.
        service: Service,
        /// What happened on the way.
        #[source]
        source: reqwest::Error,
    },
    /// The call could not be made.
    #[error("prepare a call")]
    Token(#[from] TokenError),
    /// The path is none.
    #[error("prepare a call")]
    Path(#[from] url::ParseError),
}

impl UpstreamError {
    /// The status answered, if any.
    pub fn status(&self) -> Option<StatusCode> {
        match self {
            Self::Status { status, .. } => Some(*status),
            Self::Unreachable { .. } | Self::Token(_) | Self::Path(_) => None,
        }
    }
}

impl From<UpstreamError> for Problem {
    /// A service that is away makes us 503; an answer that the caller did not foresee is our mistake.
    fn from(error: UpstreamError) -> Self {
        let away = match &error {
            UpstreamError::Unreachable { .. } => true,
            UpstreamError::Status { status, .. } => status.is_server_error(),
            UpstreamError::Token(_) | UpstreamError::Path(_) => false,
        };
        if away {
            Self::unavailable("upstream_unavailable", RETRY_AFTER_SECONDS).with_cause(error)
        } else {
            Self::internal(error)
        }
    }
}

/// The HTTP client for calls between services; one a process.
pub fn http_client() -> Result<Client, reqwest::Error> {
    Client::builder()
        .no_proxy()
        .connect_timeout(CONNECT_TIMEOUT)
        .timeout(TOTAL_TIMEOUT)
        .redirect(reqwest::redirect::Policy::none())
        .build()
}

/// Another service.
#[derive(Debug, Clone)]
pub struct Upstream {
    http: Client,
    base: Url,
    service: Service,
    signer: ServiceSigner,
}

impl Upstream {
    /// `service`, reached at `base`.
    pub fn new(http: Client, base: Url, service: Service, signer: ServiceSigner) -> Self {
        Self {
            http,
            base,
            service,
            signer,
        }
    }

    /// GET as JSON.
    pub async fn get<T: DeserializeOwned>(
        &self,
        path: &str,
        tenant: Option<TenantId>,
    ) -> Result<T, UpstreamError> {
        self.read(self.request(Method::GET, path, tenant)?).await
    }

    /// POST JSON, answer as JSON.
    pub async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        tenant: Option<TenantId>,
        body: &impl Serialize,
    ) -> Result<T, UpstreamError> {
        self.read(self.request(Method::POST, path, tenant)?.json(body))
            .await
    }

    /// GET as JSON with a token that is good for `resource` alone.
    pub async fn get_shared<T: DeserializeOwned>(
        &self,
        path: &str,
        tenant: TenantId,
        resource: Resource,
    ) -> Result<T, UpstreamError> {
        let token = self.signer.token_for(self.service, tenant, resource)?;
        self.read(with_context(self.http.get(self.base.join(path)?), &token))
            .await
    }

    /// A request with token, request id and trace on it, for [`Upstream::read`] or [`Upstream::send`].
    pub fn request(
        &self,
        method: Method,
        path: &str,
        tenant: Option<TenantId>,
    ) -> Result<RequestBuilder, UpstreamError> {
        let token = self.signer.token(self.service, tenant)?;
        Ok(with_context(
            self.http.request(method, self.base.join(path)?),
            &token,
        ))
    }

    /// Sends it and reads a JSON answer.
    pub async fn read<T: DeserializeOwned>(
        &self,
        request: RequestBuilder,
    ) -> Result<T, UpstreamError> {
        self.answer(request)
            .await?
            .json()
            .await
            .map_err(|source| self.unreachable(source))
    }

    /// Sends it and asks for success alone.
    pub async fn send(&self, request: RequestBuilder) -> Result<(), UpstreamError> {
        self.answer(request).await.map(drop)
    }

    async fn answer(&self, request: RequestBuilder) -> Result<reqwest::Response, UpstreamError> {
        let response = request
            .send()
            .await
            .map_err(|source| self.unreachable(source))?;
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let problem = response.json::<ProblemBody>().await.ok();
        let (code, detail) = problem.map_or_else(Default::default, |body| (body.code, body.detail));
        Err(UpstreamError::Status {
            service: self.service,
            status,
            code,
            detail,
        })
    }

    fn unreachable(&self, source: reqwest::Error) -> UpstreamError {
        // The URL may hold what belongs in no log.
        UpstreamError::Unreachable {
            service: self.service,
            source: source.without_url(),
        }
    }
}

fn with_context(request: RequestBuilder, token: &str) -> RequestBuilder {
    let request = request.header(SERVICE_TOKEN_HEADER, token);
    let Some(context) = context::current() else {
        return request;
    };
    let request = request.header("x-request-id", &context.request_id);
    match &context.traceparent {
        Some(traceparent) => request.header("traceparent", traceparent),
        None => request,
    }
}
