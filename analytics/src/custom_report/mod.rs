//! Custom reports: which numbers a person wants to see again, kept under a name.
//!
//! A definition holds no numbers. Who may see those is asked each time a report of it is run or read.

pub(crate) mod model;
mod period;
mod routes;
mod rules;
pub(crate) mod store;

pub(crate) use model::{CustomReport, Definition, Group, Measure};
pub(crate) use routes::{router, stale, visible};
