//! Saved views: a filter, an order and a way to show them, of one project or of all. A private one is there for its
//! owner alone; a shared one for all who see its project.

mod routes;
mod store;
mod view;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) use store::ViewRow;
pub(crate) use view::Layout;

use crate::state::AppState;

pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(routes::list_views, routes::create_view))
        .routes(routes!(
            routes::get_view,
            routes::update_view,
            routes::replace_view,
            routes::delete_view
        ))
        .routes(routes!(routes::list_tasks_of_view))
}
