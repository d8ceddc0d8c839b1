//! What an organization demands of its links: a password, an end, or that there are none at all.
//!
//! Rules are for links that are made or changed from then on; closing all links is for every guest, at once.

mod model;
mod routes;
mod store;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) use self::model::{Policy, Terms};
pub(crate) use self::store::lets_guests_in;
use crate::state::AppState;

pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(routes::get_link_policy, routes::update_link_policy))
}
