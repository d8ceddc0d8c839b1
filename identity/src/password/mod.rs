//! Passwords of people: what a new one must be like, and how often one may guess.
//!
//! A guess costs the same whether the account exists or not, and is counted before it is checked.

mod rule;
mod throttle;

pub(crate) use rule::{acceptable, bounded};
pub use throttle::Throttle;
