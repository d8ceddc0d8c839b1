//! Answers that carry more than a body.

use axum::response::{IntoResponse, Response};
use http::header::{ETAG, LOCATION};
use http::{HeaderValue, StatusCode};
use serde::Serialize;

use crate::Json;

/// A row with its version as `ETag` (RFC 9110 §8.8.3), to be sent back in `If-Match`.
#[derive(Debug)]
pub struct Versioned<T> {
    /// Version of the row.
    pub version: i32,
    /// What the client sees of it.
    pub body: T,
}

impl<T: Serialize> IntoResponse for Versioned<T> {
    fn into_response(self) -> Response {
        let mut response = Json(self.body).into_response();
        insert_text(&mut response, ETAG, &format!("\"{}\"", self.version));
        response
    }
}

/// 201 with the place of what was made.
#[derive(Debug)]
pub struct Created<T> {
    /// Path of the new thing.
    pub location: String,
    /// What the client sees of it.
    pub body: T,
}

impl<T: IntoResponse> IntoResponse for Created<T> {
    fn into_response(self) -> Response {
        let mut response = self.body.into_response();
        if response.status().is_success() {
            *response.status_mut() = StatusCode::CREATED;
            insert_text(&mut response, LOCATION, &self.location);
        }
        response
    }
}

/// 204.
#[derive(Debug, Clone, Copy)]
pub struct NoContent;

impl IntoResponse for NoContent {
    fn into_response(self) -> Response {
        StatusCode::NO_CONTENT.into_response()
    }
}

fn insert_text(response: &mut Response, name: http::HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}
