//! Projects: what tasks belong to. A new one comes with a board and its usual columns.

mod analytics;
mod keeping;
mod members;
mod members_store;
pub(crate) mod model;
mod routes;
mod store;
mod view;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) use members_store::remove_from_all;
pub(crate) use store::Trashed;

use crate::state::AppState;

pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(routes::create_project, routes::list_projects))
        .routes(routes!(
            routes::get_project,
            routes::update_project,
            routes::replace_project,
            routes::delete_project
        ))
        .routes(routes!(analytics::get_project_analytics))
        .routes(routes!(keeping::archive_project))
        .routes(routes!(keeping::unarchive_project))
        .routes(routes!(keeping::list_trashed_projects))
        .routes(routes!(keeping::restore_project))
        .routes(routes!(
            members::list_project_members,
            members::add_project_member
        ))
        .routes(routes!(
            members::update_project_member,
            members::replace_project_member,
            members::remove_project_member
        ))
}
