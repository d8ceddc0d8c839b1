//! Pictures of people. What is served was drawn by us from the pixels of what came in: nothing of the file itself,
//! neither metadata nor anything hidden behind the picture, is kept.

mod model;
mod routes;
pub(crate) mod store;
mod studio;

use kernel::UserId;
use utoipa_axum::router::OpenApiRouter;

use crate::state::AppState;

pub(crate) use studio::Studio;

pub(crate) fn router() -> OpenApiRouter<AppState> {
    routes::router()
}

/// The address of a person's picture. Another picture has another address, so that a cached one does not stay.
pub(crate) fn url(user: UserId, etag: &str) -> String {
    format!("/api/v1/users/{user}/avatar?v={etag}")
}
