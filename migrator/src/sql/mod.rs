//! Migration files as data: their statements, what each does, and what that does to running requests.
//!
//! Only what migrations are made of is understood; a statement that is not is told as such, never guessed.

mod alter;
mod locks;
mod scan;
mod statement;

pub use locks::{Effect, Lock, effect};
pub use scan::{File, Statement, Waiver};
pub use statement::{Action, Change, Constraint, IndexStep, actions, index_step};
