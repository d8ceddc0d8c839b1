//! HTTP conventions that every service keeps: problem+json for each error, extractors that refuse
//! what they do not know, tokens that prove who calls, idempotency, and calls between services.
//!
//! Handlers take [`Json`], [`Path`], [`Query`] and [`ListQuery`] from here, never axum's own: those
//! answer errors in plain text and let unknown fields pass.

pub mod browser;
pub mod client;
mod client_address;
pub mod context;
mod database;
mod guard;
pub mod idempotency;
mod json;
pub mod openapi;
pub mod outbound;
mod path;
pub mod personal;
mod precondition;
mod problem;
mod query;
mod respond;
pub mod text;
pub mod tokens;

/// Says on an answer that its instance is about to end and takes no more requests soon: whoever calls it goes
/// elsewhere, or waits, before its listener closes.
pub const LEAVING_HEADER: &str = "x-tenantry-leaving";

pub use client_address::{CLIENT_ADDRESS_HEADER, ClientAddress};
pub use guard::{Caller, Guard, Member, Service, Shared, SignedIn, bearer, refusal, require};
pub use json::Json;
pub use path::Path;
pub use precondition::IfMatch;
pub use problem::{Cause, FieldError, Problem, ProblemBody, ProblemCode};
pub use query::{ListQuery, NoFilter, PageQuery, PageRequest, Query};
pub use respond::{Created, NoContent, Versioned};
