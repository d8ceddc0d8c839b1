//! Erasing an organization for good: everything of it is removed, and its id is remembered, so that events that come
//! late leave nothing behind. May run any number of times.

mod routes;
pub(crate) mod store;

pub(crate) use routes::router;
