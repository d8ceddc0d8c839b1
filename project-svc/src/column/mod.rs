//! Columns of boards. A column's category is the status that a task gets by being put there.

pub(crate) mod model;
mod routes;
mod store;
mod view;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) use store::{ColumnRow, create_usual, usual};
pub(crate) use view::ColumnView;

use crate::state::AppState;

pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(routes::list_columns, routes::create_column))
        .routes(routes!(
            routes::update_column,
            routes::replace_column,
            routes::delete_column
        ))
        .routes(routes!(routes::move_column))
        .routes(routes!(routes::list_cards))
}
