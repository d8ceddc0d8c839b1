//! `If-Match` (RFC 9110 §13.1.1) against the version of a row.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use http::header::IF_MATCH;
use http::request::Parts;

use crate::Problem;

/// The versions a change is meant for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IfMatch {
    /// No such header, or `*`: whatever version is there.
    Any,
    /// One of these; entries that are no version of ours match nothing.
    Versions(Vec<i32>),
}

impl IfMatch {
    /// Passes when `version` is one of those meant; 412 otherwise.
    pub fn check(&self, version: i32) -> Result<(), Problem> {
        match self {
            Self::Any => Ok(()),
            Self::Versions(wanted) if wanted.contains(&version) => Ok(()),
            Self::Versions(_) => Err(Problem::precondition_failed()),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let Some(header) = parts.headers.get(IF_MATCH) else {
            return Ok(Self::Any);
        };
        let text = header.to_str().unwrap_or_default().trim();
        if text == "*" {
            return Ok(Self::Any);
        }
        let tags = text.split(',').filter_map(|tag| {
            tag.trim()
                .strip_prefix('"')?
                .strip_suffix('"')?
                .parse()
                .ok()
        });
        Ok(Self::Versions(tags.collect()))
    }
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    async fn read(value: &str) -> IfMatch {
        let (mut parts, ()) = Request::get("/")
            .header(IF_MATCH, value)
            .body(())
            .unwrap()
            .into_parts();
        match IfMatch::from_request_parts(&mut parts, &()).await {
            Ok(found) => found,
        }
    }

    #[tokio::test]
    async fn only_the_named_versions_pass() {
        assert!(read("\"3\"").await.check(3).is_ok());
        assert!(read("\"1\", \"3\"").await.check(3).is_ok());
        assert!(read("*").await.check(3).is_ok());
        for stale in ["\"2\"", "W/\"3\"", "3", "\"x\"", ""] {
            assert_eq!(
                read(stale).await.check(3).unwrap_err().status(),
                412,
                "{stale}"
            );
        }
    }
}
