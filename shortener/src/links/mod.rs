//! Links as their owners see them: making, listing, taking back.
//!
//! A member manages links of their own; `link:manage` reaches everybody's. What a member may not
//! manage is not there for them.

mod access;
pub(crate) mod model;
mod routes;
mod store;
mod view;

pub(crate) use routes::router;
