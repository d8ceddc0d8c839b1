//! Boards: a project's tasks as cards in columns.

mod lanes;
mod place;
mod reading;
mod routes;
mod store;
mod view;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) use store::{LaidOut, create_first, lock};

use crate::state::AppState;

pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(reading::list_boards, routes::create_board))
        .routes(routes!(
            reading::get_board,
            routes::update_board,
            routes::replace_board,
            routes::delete_board
        ))
}
