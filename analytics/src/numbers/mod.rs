//! Reading rollups: what moved in a span of time, how things stand, how long tasks took. Each read is one find
//! by index.

mod durations;
mod model;
pub(crate) mod store;
pub(crate) mod tasks;

pub(crate) use durations::Durations;
pub(crate) use model::{History, Kind, Moves, Standings};
