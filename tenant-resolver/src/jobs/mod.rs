//! Background work. Any number of instances may run it: each step is a conditional update or holds a session.

mod refill;
mod sweep;

pub use refill::refill;
pub use sweep::{Organizations, sweep, sweep_forever};
