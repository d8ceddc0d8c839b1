//! HTTP of copies; the operator's alone.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::post;
use garde::Validate;
use httpkit::{Json, Path, Problem};
use kernel::{Subdomain, TenantId};
use serde::Deserialize;

use crate::access::{Allowed, Operator};
use crate::claim::{self, Claim};
use crate::error::Error;
use crate::state::AppState;

pub(crate) fn router() -> Router<AppState> {
    Router::new().route("/internal/v1/tenants/{id}/clone", post(clone_tenant))
}

/// What the copy is to be called.
#[derive(Debug, Deserialize, Validate)]
struct CloneTenant {
    /// Names the request: the same one never makes a second copy.
    #[garde(length(min = 8, max = 200), custom(httpkit::text::line))]
    request_id: String,
    /// Checked by the rules for names.
    #[garde(skip)]
    subdomain: String,
    /// The organization's name.
    #[garde(length(chars, min = 1, max = 200), custom(httpkit::text::line))]
    name: String,
}

async fn clone_tenant(
    State(state): State<AppState>,
    _: Allowed<Operator>,
    Path(id): Path<TenantId>,
    Json(body): Json<CloneTenant>,
) -> Result<Response, Problem> {
    let claim = Claim {
        request_id: body.request_id,
        subdomain: Subdomain::parse(&body.subdomain).map_err(Error::from)?,
        name: body.name,
        cluster: None,
    };
    let resolver = Arc::clone(&state.resolver);
    // A caller who hangs up must not leave the source held: the copy goes on and is found by its request id.
    let copy = tokio::spawn(async move {
        let claimed = super::copy(&resolver, id, &claim).await?;
        Ok::<_, Error>((claimed, claim.subdomain))
    });
    let (claimed, subdomain) = copy.await.map_err(Problem::internal)??;
    Ok(claim::answer(claimed, subdomain))
}
