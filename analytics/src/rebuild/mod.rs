//! Making all of an organization's numbers again from its events, while more of them are taken in.
//!
//! The new numbers are a generation of their own. It is folded batch by batch in the order in which the events were
//! taken in; the last batch is folded while nothing else can be, and with it the new generation becomes the one that
//! counts. A step that fails or is never heard of again is asked for again. With `check` the two are compared instead.
//!
//! Events that are kept no longer are folded into the checkpoint, with which every rebuild begins.

mod compare;
mod model;
mod routes;
pub(crate) mod store;

pub(crate) use routes::router;
