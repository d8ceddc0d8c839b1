//! Members of an organization and their roles.
//!
//! Who changes a role is judged by the present role in the database, not by the one in the token, and changes in
//! one organization come one by one, so that two owners cannot both step down.

mod model;
mod routes;
pub(crate) mod store;

pub(crate) use routes::router;
