//! Dependencies between tasks, of any projects of the organization. Those that set an order never run in a circle.

mod routes;
mod store;
mod view;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;

pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(routes::list_dependencies, routes::add_dependency))
        .routes(routes!(routes::remove_dependency))
}
