//! What holds for all of an organization's numbers: which generation of them counts, how many batches were taken in, how
//! long events are kept, and where days begin.

mod model;
mod routes;
pub(crate) mod store;

pub(crate) use model::{Generation, Ledger};
pub(crate) use routes::router;
