//! Background work. Any number of instances may run it: each step is a conditional update or holds a session.

mod holds;
mod refill;
mod sweep;

pub use holds::{end_holds, end_holds_forever};
pub use refill::refill;
pub use sweep::{Organizations, sweep, sweep_forever};
