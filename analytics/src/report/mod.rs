//! Reports: a custom report, run once in the background, and its rows as a file.
//!
//! A report waits in MongoDB until a worker of any instance takes it with a lease; one that dies on it leaves it to
//! the next. Rows belong to one attempt, so that an attempt that was overtaken shows nothing.

mod cells;
mod export;
mod model;
mod routes;
mod sources;
pub(crate) mod store;
mod worker;

pub(crate) use model::{Report, Tell};
pub(crate) use routes::router;
pub use worker::{Wake, run, work_off};
