//! Writes down who was told that he may not, whichever handler said it: no handler can forget to.

use std::sync::Arc;

use axum::extract::{FromRef, FromRequestParts, MatchedPath, Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::Response;
use httpkit::{Member, ProblemCode};
use serde_json::json;

use super::Event;
use crate::client::Client;
use crate::state::{AppState, Identity};

/// Codes of 403 that are about the caller's rights; others are about the thing or the plan.
const DENIALS: [&str; 3] = [
    "permission_denied",
    "role_not_grantable",
    "session_required",
];

/// The layer around all routes. Only the calls that are refused are looked at twice.
pub(crate) async fn note(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let mut asked = parts.clone();
    let response = next.run(Request::from_parts(parts, body)).await;
    let code = response.extensions().get::<ProblemCode>();
    let code = code.filter(|code| DENIALS.contains(&code.0));
    if let Some(ProblemCode(code)) = code
        && response.status() == StatusCode::FORBIDDEN
        && let Ok(member) = Member::from_request_parts(&mut asked, &state).await
    {
        let client = Client::from_request_parts(&mut asked, &state).await;
        let client = client.unwrap_or_default();
        let route = asked.extensions.get::<MatchedPath>();
        let detail = json!({
            "code": code,
            "method": asked.method.as_str(),
            "route": route.map(MatchedPath::as_str),
        });
        let denied = Event::refused("permission.denied", Some(member.user), &client, code);
        let denied = denied.at(member.tenant).with(detail);
        super::record_alone(&Arc::<Identity>::from_ref(&state), denied).await;
    }
    response
}
