//! HTTP of rebuilding, for the operator's tool: it asks for step after step until one is the last.

use std::time::Duration;

use axum::extract::State;
use axum::routing::post;
use garde::Validate;
use httpkit::{Caller, Json, Path, Problem, Service};
use kernel::TenantId;
use serde::Deserialize;
use tokio::time::{Instant, sleep};
use utoipa_axum::router::OpenApiRouter;

use super::model::Progress;
use super::store;
use crate::scope::{TenantScope, erased_of};
use crate::store::StoreError;
use crate::{AppState, Store};

/// How long one step folds; the tool draws its bar in between.
const STEP: Duration = Duration::from_secs(1);

/// Tries of a batch that others are in the way of.
const MAX_TRIES: u32 = 200;

/// Between two tries.
const PAUSE: Duration = Duration::from_millis(20);

pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().route(
        "/internal/v1/organizations/{tenant_id}/rebuild",
        post(rebuild),
    )
}

/// What is to be done.
#[derive(Debug, Clone, Copy, Deserialize, Validate)]
#[garde(allow_unvalidated)]
struct Step {
    /// Whether to begin, or to go on with what was begun.
    begin: bool,
    /// Compare only; nothing changes.
    #[serde(default)]
    check: bool,
}

/// Begins a rebuild or goes on with it for a second; answers how far it is.
async fn rebuild(
    State(documents): State<Store>,
    caller: Caller,
    Path(tenant): Path<TenantId>,
    Json(step): Json<Step>,
) -> Result<Json<Progress>, Problem> {
    caller.only(&[Service::Migrator])?;
    if !erased_of(&documents, [tenant]).await?.is_empty() {
        return Err(Problem::not_found());
    }
    let scope = TenantScope::new(&documents, tenant);
    if step.begin {
        persist(|| store::begin(&documents, tenant, step.check)).await?;
    }
    let present = store::present(&scope).await?;
    let there = present.is_some_and(|rebuild| rebuild.copied && rebuild.check == step.check);
    if !there {
        let detail = "begin it; another one may have taken its place";
        return Err(Problem::conflict("no_rebuild", detail));
    }
    let begun = Instant::now();
    loop {
        let progress = persist(|| store::fold_next(&documents, tenant)).await?;
        if progress.done || begun.elapsed() > STEP {
            return Ok(Json(progress));
        }
    }
}

/// Tries again while others are in the way.
async fn persist<T, F>(mut attempt: impl FnMut() -> F) -> Result<T, StoreError>
where
    F: Future<Output = Result<T, StoreError>>,
{
    let mut tries = 0;
    loop {
        match attempt().await {
            Err(error) if error.passes() && tries < MAX_TRIES => tries += 1,
            outcome => return outcome,
        }
        sleep(PAUSE).await;
    }
}
