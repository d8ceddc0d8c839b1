//! Boards: a project's tasks as cards in columns.

mod routes;
mod store;
mod view;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) use store::{create_first, lock};

use crate::state::AppState;

pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(routes::list_boards))
        .routes(routes!(routes::get_board))
}
