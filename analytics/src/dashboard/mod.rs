//! The dashboard of an organization: how many tasks were created and done, day by day and person by
//! person, how they stand now, and what became of its links.
//!
//! Days are UTC days. `done` on a day are the tasks whose completion lies in that day and that are
//! still done; a deleted task counts nowhere. All numbers equal what SQL says of the tasks themselves.

mod model;
mod routes;
mod store;

pub(crate) use routes::router;
