//! The life of organizations as the control plane leads it: made by an operator, renamed, erased for good. All of it
//! may be asked or told again and changes nothing then.

mod erase;
mod found;
pub mod news;
mod routes;

pub(crate) use routes::router;
