//! JSON bodies: in with every mistake named, out as they are.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::response::{IntoResponse, Response};
use garde::Validate;
use http::StatusCode;
use http::header::{CONTENT_TYPE, HeaderValue};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::{FieldError, Problem};

/// A JSON body.
///
/// Taken in, it is refused with 415 for another content type, 413 over the body limit, 400 when it
/// is not JSON, and 422 with every unknown field, every control character and every broken rule of
/// `T` (one wrong type hides what stands behind it).
#[derive(Debug, Clone, Copy, Default)]
pub struct Json<T>(pub T);

impl<S, T> FromRequest<S> for Json<T>
where
    S: Send + Sync,
    T: DeserializeOwned + Validate<Context = ()>,
{
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Self::Rejection> {
        if !is_json(request.headers().get(CONTENT_TYPE)) {
            return Err(
                Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type")
                    .with_detail("send the body as `Content-Type: application/json`"),
            );
        }
        let bytes =
            Bytes::from_request(request, state)
                .await
                .map_err(|rejection| match rejection.status() {
                    StatusCode::PAYLOAD_TOO_LARGE => too_large(),
                    _ => Problem::bad_request(
                        "body_incomplete",
                        "the body could not be read to its end",
                    ),
                })?;
        parse(&bytes).map(Self)
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        match serde_json::to_vec(&self.0) {
            Ok(body) => (
                [(CONTENT_TYPE, HeaderValue::from_static("application/json"))],
                body,
            )
                .into_response(),
            Err(error) => Problem::internal(error).into_response(),
        }
    }
}

fn too_large() -> Problem {
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large")
        .with_detail("the body is larger than 1 MiB")
}

fn is_json(content_type: Option<&HeaderValue>) -> bool {
    let Some(essence) = content_type
        .and_then(|value| value.to_str().ok())
        .and_then(|text| text.split(';').next())
    else {
        return false;
    };
    let essence = essence.trim().to_ascii_lowercase();
    essence == "application/json" || essence == "application/merge-patch+json"
}

/// Reads `T` from `bytes`, naming every mistake that can be found.
pub(crate) fn parse<T: DeserializeOwned + Validate<Context = ()>>(
    bytes: &[u8],
) -> Result<T, Problem> {
    let value: Value = serde_json::from_slice(bytes).map_err(|error| {
        Problem::bad_request("malformed_json", format!("the body is not JSON: {error}"))
    })?;
    let mut errors = Vec::new();
    find_control_characters(&value, &mut String::new(), &mut errors);

    let mut unknown = Vec::new();
    let ignoring = &mut |path: serde_ignored::Path<'_>| unknown.push(pointer(&path.to_string()));
    let parsed: Result<T, _> =
        serde_path_to_error::deserialize(serde_ignored::Deserializer::new(value, ignoring));
    errors.extend(
        unknown
            .into_iter()
            .map(|at| FieldError::new(at, "unknown_field", "there is no such field")),
    );

    match parsed {
        Ok(body) => {
            if let Err(report) = body.validate() {
                errors.extend(report.iter().map(|(path, error)| {
                    FieldError::invalid(pointer(&path.to_string()), error.message().to_owned())
                }));
            }
            if errors.is_empty() {
                Ok(body)
            } else {
                Err(Problem::validation(errors))
            }
        }
        Err(error) => {
            errors.push(shape_error(
                &pointer(&error.path().to_string()),
                &error.into_inner().to_string(),
            ));
            Err(Problem::validation(errors))
        }
    }
}

/// Turns serde's first complaint about the shape into a field error.
fn shape_error(at: &str, message: &str) -> FieldError {
    let missing = message
        .strip_prefix("missing field `")
        .and_then(|rest| rest.split('`').next());
    match missing {
        Some(field) => {
            FieldError::new(format!("{at}/{field}"), "missing", "this field is required")
        }
        None => FieldError::new(at, "wrong_type", message),
    }
}

/// `owner.emails[0]` → `/owner/emails/0` (RFC 6901; our field names need no escaping).
pub(crate) fn pointer(path: &str) -> String {
    path.split(['.', '[', ']'])
        .filter(|part| !part.is_empty() && *part != "?")
        .fold(String::new(), |all, part| all + "/" + part)
}

/// No text of ours needs control characters beyond tab and line ends; PostgreSQL refuses NUL, and
/// the others only serve to deceive terminals and logs.
fn find_control_characters(value: &Value, at: &mut String, errors: &mut Vec<FieldError>) {
    let refused = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
    let mut descend = |key: &str, child: &Value| {
        let length = at.len();
        at.push('/');
        at.push_str(key);
        find_control_characters(child, at, errors);
        at.truncate(length);
    };
    match value {
        Value::String(text) if text.contains(refused) => {
            errors.push(FieldError::new(
                at.clone(),
                "control_character",
                "control characters are not allowed",
            ));
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                descend(&index.to_string(), item);
            }
        }
        Value::Object(fields) => {
            for (key, field) in fields {
                descend(key, field);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use garde::Validate;
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize, Validate)]
    struct Body {
        #[garde(length(min = 1, max = 5))]
        name: String,
        #[garde(dive)]
        owner: Option<Owner>,
    }

    #[derive(Debug, Deserialize, Validate)]
    struct Owner {
        #[garde(range(max = 3))]
        age: u8,
    }

    fn mistakes(body: &str) -> Vec<(String, String)> {
        let problem = parse::<Body>(body.as_bytes()).unwrap_err();
        problem
            .body()
            .errors
            .into_iter()
            .map(|error| (error.pointer, error.code))
            .collect()
    }

    fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
        expected
            .iter()
            .map(|(at, code)| ((*at).to_owned(), (*code).to_owned()))
            .collect()
    }

    #[test]
    fn good_body_is_read() {
        let body: Body = parse(br#"{"name":"a\nb","owner":{"age":3}}"#).unwrap();
        assert_eq!((body.name.as_str(), body.owner.unwrap().age), ("a\nb", 3));
    }

    #[test]
    fn every_mistake_is_named_at_once() {
        let found = mistakes(r#"{"name":"","owner":{"age":9,"x":1},"tenant_id":"t"}"#);
        let expected = [
            ("/owner/x", "unknown_field"),
            ("/tenant_id", "unknown_field"),
            ("/name", "invalid"),
            ("/owner/age", "invalid"),
        ];
        assert_eq!(found, pairs(&expected));
    }

    #[test]
    fn shape_mistakes_have_pointers() {
        assert_eq!(mistakes("{}"), pairs(&[("/name", "missing")]));
        assert_eq!(
            mistakes(r#"{"name":"a","owner":{"age":"x"}}"#),
            pairs(&[("/owner/age", "wrong_type")])
        );
        assert_eq!(mistakes("[]"), pairs(&[("", "wrong_type")]));
    }

    #[test]
    fn control_characters_are_refused_wherever_they_stand() {
        assert_eq!(
            mistakes(r#"{"name":"a\u0000"}"#),
            pairs(&[("/name", "control_character")])
        );
    }

    #[test]
    fn malformed_json_is_a_bad_request() {
        for body in ["", "{", "{\"name\":1e400}", &"[".repeat(100_000)] {
            assert_eq!(
                parse::<Body>(body.as_bytes()).unwrap_err().code(),
                "malformed_json"
            );
        }
    }
}
