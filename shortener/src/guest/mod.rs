//! Opening a link without an account.
//!
//! Everything a guest sees hangs on the row of one link: it is looked up by the code's hash within
//! the host's organization and judged anew on every request, cookie or not. Unknown, taken back and
//! another organization's are one and the same 404.

mod access;
mod answer;
mod attempt;
mod open;
mod pages;
mod quick;
mod routes;
mod sessions;
mod shared;
mod store;
mod throttle;

pub(crate) use pages::Pages;
pub use quick::Quick;
pub(crate) use routes::router;
pub(crate) use sessions::Sessions;
pub(crate) use throttle::Throttle;
