//! What people keep at hand: projects, boards, tasks and saved views of theirs to choose.

mod routes;
mod store;
mod view;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;

pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(routes::list_favourites))
        .routes(routes!(routes::add_favourite, routes::remove_favourite))
}
