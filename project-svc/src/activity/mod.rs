//! What was done in a project, by whom: written by the transaction that did it, never changed after.

mod model;
mod store;

pub(crate) use model::changes;
pub(crate) use store::record;
