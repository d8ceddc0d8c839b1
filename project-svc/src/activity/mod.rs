//! What was done in a project, by whom: written by the transaction that did it, never changed after.

mod model;
mod routes;
mod store;
mod view;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) use model::{changes, hide_names};
pub(crate) use store::{JOURNAL, record, record_all};

use crate::state::AppState;

pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(routes::list_project_activity))
}
