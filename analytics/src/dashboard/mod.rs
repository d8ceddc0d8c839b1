//! The dashboard of an organization: how many tasks were created and done, part by part of a period and person by
//! person, how they stand now, and what became of its links.
//!
//! `done` in a part are the tasks whose completion lies in it and that are still done; a deleted task counts nowhere.
//! All numbers equal what SQL says of the tasks themselves.

pub(crate) mod model;
mod routes;
pub(crate) mod store;

pub(crate) use routes::router;
