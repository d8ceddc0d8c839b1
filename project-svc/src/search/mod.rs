//! Search over tasks, comments and projects: every word as a beginning, phrases in quotes, and titles that come near
//! where no word is found. Only what lies in projects that the person sees is looked at.

mod model;
mod routes;
mod store;
mod view;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;

pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(routes::search))
}
