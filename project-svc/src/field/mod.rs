//! Custom fields: what a project's tasks carry beside what all tasks have. A task keeps a value by the field's id,
//! clients name it by the field's key.

pub(crate) mod model;
mod routes;
mod store;
mod values;
mod view;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) use store::{DEFINITIONS, Definition, Definitions, definitions};
pub(crate) use values::{Given, fitting, given};

use crate::state::AppState;

pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(routes::list_fields, routes::create_field))
        .routes(routes!(routes::update_field, routes::delete_field))
}
