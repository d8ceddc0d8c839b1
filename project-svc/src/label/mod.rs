//! Labels: words of a project's own that its tasks carry.

mod routes;
mod store;
mod view;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) use store::{check, replace};

use crate::state::AppState;

pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(routes::list_labels, routes::create_label))
        .routes(routes!(routes::update_label, routes::delete_label))
}
