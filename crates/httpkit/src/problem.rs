//! The one error type of handlers: RFC 9457 `application/problem+json`.
//!
//! A client sees a stable `code`, a sentence and the request id; what went wrong inside stays in a
//! response extension, where the request log picks it up.

use std::error::Error;
use std::sync::Arc;

use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::context;

/// An error answer.
#[derive(Debug, thiserror::Error)]
#[error("{}: {}", .0.code, .0.detail.as_deref().unwrap_or("no detail"))]
pub struct Problem(Box<Inner>);

#[derive(Debug)]
struct Inner {
    status: StatusCode,
    code: &'static str,
    detail: Option<String>,
    errors: Vec<FieldError>,
    retry_after_seconds: Option<u64>,
    cause: Option<Cause>,
}

/// What was wrong inside, for the log only. Found in the extensions of the response.
#[derive(Debug, Clone)]
pub struct Cause(pub Arc<dyn Error + Send + Sync>);

/// The code of an error answer, for layers around the handler. Found in the extensions of the response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProblemCode(pub &'static str);

/// One wrong field of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FieldError {
    /// JSON pointer (RFC 6901) to the field in the body, or the name of the query parameter.
    #[schema(example = "/owner/email")]
    pub pointer: String,
    /// What kind of mistake: `invalid`, `missing`, `unknown_field`, `wrong_type`, `control_character`.
    #[schema(example = "invalid")]
    pub code: String,
    /// The mistake in words.
    pub detail: String,
    /// Characters before the mistake, where the field is written in a language of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offset: Option<u32>,
}

impl FieldError {
    /// A field whose value breaks a rule.
    pub fn invalid(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::new(pointer, "invalid", detail)
    }

    /// A wrong field with a code of its own.
    pub fn new(
        pointer: impl Into<String>,
        code: impl Into<String>,
        detail: impl Into<String>,
    ) -> Self {
        Self {
            pointer: pointer.into(),
            code: code.into(),
            detail: detail.into(),
            offset: None,
        }
    }

    /// The same with its place in the text of the field.
    #[must_use]
    pub fn at(mut self, offset: u32) -> Self {
        self.offset = Some(offset);
        self
    }
}

/// The body of an error answer (RFC 9457 §3).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProblemBody {
    /// Always `about:blank`: the `code` tells the kind of problem.
    #[serde(rename = "type")]
    #[schema(example = "about:blank")]
    pub kind: String,
    /// The status in words.
    #[schema(example = "Not Found")]
    pub title: String,
    /// The HTTP status.
    #[schema(example = 404)]
    pub status: u16,
    /// What happened, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// Path of the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
    /// What happened, for programs; stable.
    #[schema(example = "not_found")]
    pub code: String,
    /// Name this when asking for help.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// The wrong fields, all at once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
}

impl Problem {
    /// Any status with a code.
    pub fn new(status: StatusCode, code: &'static str) -> Self {
        let (detail, errors, retry_after_seconds, cause) = (None, Vec::new(), None, None);
        Self(Box::new(Inner {
            status,
            code,
            detail,
            errors,
            retry_after_seconds,
            cause,
        }))
    }

    /// 400: the request cannot be read.
    pub fn bad_request(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code).with_detail(detail)
    }

    /// 401: who calls is not known.
    pub fn unauthorized(code: &'static str) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, code)
    }

    /// 403: known, may see it, may not do it.
    pub fn forbidden(code: &'static str) -> Self {
        Self::new(StatusCode::FORBIDDEN, code)
    }

    /// 404: not there, or not for the caller to know of.
    pub fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found")
            .with_detail("there is nothing here, or it is not yours to see")
    }

    /// 409: the state of things does not allow it.
    pub fn conflict(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, code).with_detail(detail)
    }

    /// 410: was there, will not come back.
    pub fn gone(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::GONE, code).with_detail(detail)
    }

    /// 412: `If-Match` names another version than the present one.
    pub fn precondition_failed() -> Self {
        Self::new(StatusCode::PRECONDITION_FAILED, "stale_version").with_detail(
            "somebody changed it since it was read; read it again and repeat the change",
        )
    }

    /// 422: fields of the request are wrong.
    pub fn validation(errors: Vec<FieldError>) -> Self {
        let mut problem = Self::new(StatusCode::UNPROCESSABLE_ENTITY, "validation_failed")
            .with_detail("some fields of the request are wrong; see `errors`");
        problem.0.errors = errors;
        problem
    }

    /// 422 for one field.
    pub fn field(
        pointer: impl Into<String>,
        code: impl Into<String>,
        detail: impl Into<String>,
    ) -> Self {
        Self::validation(vec![FieldError::new(pointer, code, detail)])
    }

    /// 429: come back later.
    pub fn too_many(code: &'static str, retry_after_seconds: u64) -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, code)
            .with_detail("too many requests; wait as long as `Retry-After` says")
            .with_retry_after(retry_after_seconds)
    }

    /// 503: something we need is away.
    pub fn unavailable(code: &'static str, retry_after_seconds: u64) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, code)
            .with_detail("a part of the system is not available at the moment; try again shortly")
            .with_retry_after(retry_after_seconds)
    }

    /// 500: our mistake. The cause goes to the log.
    pub fn internal(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal_error").with_cause(cause)
    }

    /// The same with a sentence for people.
    #[must_use]
    pub fn with_detail(mut self, detail: impl Into<String>) -> Self {
        self.0.detail = Some(detail.into());
        self
    }

    /// The same with a cause for the log.
    #[must_use]
    pub fn with_cause(mut self, cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.0.cause = Some(Cause(Arc::from(cause.into())));
        self
    }

    /// The same with the wrong fields, for a code that says more than [`Problem::validation`]'s.
    #[must_use]
    pub fn with_errors(mut self, errors: Vec<FieldError>) -> Self {
        self.0.errors = errors;
        self
    }

    /// The same with a `Retry-After` header.
    #[must_use]
    pub fn with_retry_after(mut self, seconds: u64) -> Self {
        self.0.retry_after_seconds = Some(seconds);
        self
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        self.0.status
    }

    /// The stable code.
    pub fn code(&self) -> &'static str {
        self.0.code
    }

    /// The body a client gets.
    pub fn body(&self) -> ProblemBody {
        let context = context::current();
        ProblemBody {
            kind: "about:blank".to_owned(),
            title: self
                .0
                .status
                .canonical_reason()
                .unwrap_or("Error")
                .to_owned(),
            status: self.0.status.as_u16(),
            detail: self.0.detail.clone(),
            instance: context.as_ref().map(|context| context.path.clone()),
            code: self.0.code.to_owned(),
            request_id: context.as_ref().map(|context| context.request_id.clone()),
            errors: self.0.errors.clone(),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        // A body of strings and numbers always serialises.
        let body = serde_json::to_vec(&self.body()).unwrap_or_default();
        let mut response = (self.0.status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(seconds) = self.0.retry_after_seconds {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.0.status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response.extensions_mut().insert(ProblemCode(self.0.code));
        if let Some(cause) = self.0.cause {
            response.extensions_mut().insert(cause);
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[test]
    fn internal_cause_stays_out_of_the_body() {
        let problem = Problem::internal(io::Error::other("password=hunter2"));
        assert!(
            !serde_json::to_string(&problem.body())
                .unwrap()
                .contains("hunter2")
        );
        let response = problem.into_response();
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert!(response.extensions().get::<Cause>().is_some());
    }

    #[tokio::test]
    async fn body_names_the_request() {
        let context = context::Context {
            request_id: "r1".into(),
            traceparent: None,
            path: "/api/v1/tasks".into(),
        };
        let body = context::scope(Arc::new(context), async { Problem::not_found().body() }).await;
        assert_eq!(body.request_id.as_deref(), Some("r1"));
        assert_eq!(body.instance.as_deref(), Some("/api/v1/tasks"));
    }

    #[test]
    fn retry_after_is_a_header() {
        let response = Problem::unavailable("tenant_provisioning", 2).into_response();
        assert_eq!(response.headers().get(RETRY_AFTER).unwrap(), "2");
    }
}
