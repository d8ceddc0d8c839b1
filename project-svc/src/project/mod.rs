//! Projects: what tasks belong to. A new one comes with a board and its usual columns.

pub(crate) mod model;
mod routes;
mod store;
mod view;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) use store::{remove_from_all, take_task_number};

use crate::state::AppState;

pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(routes::create_project, routes::list_projects))
        .routes(routes!(
            routes::get_project,
            routes::update_project,
            routes::delete_project
        ))
}
