//! What a guest sends to be let in: a password in a form or in JSON, or nothing. Never in the
//! address, where logs and histories would keep it.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use garde::Validate;
use http::StatusCode;
use http::header::CONTENT_TYPE;
use httpkit::{Json, Problem};
use passwords::Password;
use serde::Deserialize;
use url::form_urlencoded;
use utoipa::ToSchema;

const FORM: &str = "application/x-www-form-urlencoded";

/// An attempt to open a link.
#[derive(Debug, Deserialize, Validate, ToSchema)]
pub(super) struct Attempt {
    /// The link's password, where it has one.
    #[serde(default)]
    #[garde(skip)]
    #[schema(value_type = Option<String>, format = Password, min_length = 8, max_length = 128)]
    pub(super) password: Option<Password>,
}

impl<S: Send + Sync> FromRequest<S> for Attempt {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Self::Rejection> {
        let content_type = request.headers().get(CONTENT_TYPE);
        let content_type = content_type.and_then(|value| value.to_str().ok());
        if content_type.is_some_and(|kind| kind.starts_with("application/json")) {
            let Json(attempt) = Json::<Self>::from_request(request, state).await?;
            return Ok(attempt);
        }
        let is_form = content_type.is_none_or(|kind| kind.starts_with(FORM));
        if !is_form {
            return Err(Problem::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "unsupported_media_type",
            ));
        }
        let body = Bytes::from_request(request, state).await;
        let body = body.map_err(|error| Problem::new(error.status(), "body_too_large"))?;
        let mut fields = form_urlencoded::parse(&body);
        let password = fields.find(|(name, _)| name == "password");
        Ok(Self {
            password: password.map(|(_, text)| Password::from(&*text)),
        })
    }
}
