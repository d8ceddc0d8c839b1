//! What the shortener asks: may this person share this thing, and what does a guest see of it.
//! Inside the system only: the gateway lets nothing through to these routes.
//!
//! A guest's read names its one thing in the service token, and the path must name the same.

mod guest;
mod routes;
mod store;
mod view;

use axum::Router;
use axum::routing::{get, post};

use crate::state::AppState;

pub(crate) fn router() -> Router<AppState> {
    Router::new()
        .route("/internal/v1/shareable", post(routes::check_shareable))
        .route(
            "/internal/v1/shared/tasks/{id}",
            get(routes::get_shared_task),
        )
        .route(
            "/internal/v1/shared/boards/{id}",
            get(routes::get_shared_board),
        )
        .route(
            "/internal/v1/shared/projects/{id}",
            get(routes::get_shared_project),
        )
        .route(
            "/internal/v1/shared/views/{id}",
            get(routes::get_shared_view),
        )
}
