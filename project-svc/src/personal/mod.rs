//! What is kept about a person, for identity: all of it for an export, and its end when the person is erased. Inside
//! the system only. What the person made stays in its place, by "Former member".

mod routes;
mod store;

use axum::Router;
use axum::routing::get;

use crate::state::AppState;

pub(crate) fn router() -> Router<AppState> {
    Router::new().route(
        "/internal/v1/people/{id}",
        get(routes::list_records).delete(routes::erase_person),
    )
}
