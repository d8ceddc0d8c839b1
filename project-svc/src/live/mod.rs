//! What the gateway asks before it lets somebody into a room of live updates: may this person see what is told there.
//! Inside the system only: the gateway lets nothing through to these routes.

mod routes;

use axum::Router;
use axum::routing::get;

use crate::state::AppState;

pub(crate) fn router() -> Router<AppState> {
    Router::new()
        .route("/internal/v1/rooms/projects/{id}", get(routes::see_project))
        .route("/internal/v1/rooms/boards/{id}", get(routes::see_board))
        .route(
            "/internal/v1/rooms/workspaces/{id}",
            get(routes::see_workspace),
        )
}
