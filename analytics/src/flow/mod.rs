//! How work flows: how much of it stood where at the end of each day, how long it took, and how long it waits.
//!
//! Levels are sums of what came to a status and what left it, from the beginning on; durations are read task by task.

mod levels;
mod now;
mod query;
mod rates;

use utoipa_axum::router::OpenApiRouter;

use crate::AppState;

pub(crate) use query::scope;

pub(crate) fn router() -> OpenApiRouter<AppState> {
    levels::router().merge(rates::router()).merge(now::router())
}
