//! What people ask of their data: a copy of all of it (GDPR Art. 15 and 20), or its end (Art. 17).
//!
//! Both are jobs over every service and every organization the person ever was in. An erasure begins with the request:
//! sessions, tokens and memberships end there. The job then has each service forget the person, one organization after
//! the other, however long one is away, and removes the account last, in one transaction with all that names it here.

mod archive;
mod collect;
mod erase;
mod erase_routes;
mod export_routes;
mod forget;
pub mod job;
mod keepers;
mod model;
mod store;

use utoipa_axum::router::OpenApiRouter;

use crate::state::AppState;

pub(crate) use keepers::Keepers;
pub(crate) use store::forget_old;

pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .merge(erase_routes::router())
        .merge(export_routes::router())
}
