//! Scheduled reports: a custom report that is run by the clock, and who is told that it is there.
//!
//! A schedule is fired once for each time it is due, by one transaction that moves it on and adds the report. That the
//! report is ready is told by events whose ids were made with it, again and again until the broker has confirmed them.

mod model;
mod routes;
pub(crate) mod store;
mod tell;
mod worker;

pub(crate) use routes::router;
pub use tell::tell_all;
pub use worker::{fire_all, run};
