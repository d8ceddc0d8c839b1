//! What the shortener asks: may this person share this task, and what does a guest see of it.
//! Inside the system only: the gateway lets nothing through to these routes.

mod routes;

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
}
