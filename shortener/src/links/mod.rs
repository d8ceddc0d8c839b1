//! Links as their owners see them: making, listing, changing, taking back.
//!
//! A member manages links of their own; `link:manage` reaches everybody's. What a member may not
//! manage is not there for them.

mod access;
mod editing;
pub(crate) mod model;
mod qr;
pub(crate) mod revoking;
mod routes;
mod store;
mod target;
mod view;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;

pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(routes::create_link, routes::list_links))
        .routes(routes!(routes::revoke_links))
        .routes(routes!(
            routes::get_link,
            editing::update_link,
            routes::revoke_link
        ))
        .routes(routes!(editing::rotate_link))
        .routes(routes!(qr::get_qr_code))
}
