//! Sign-up: a person, an organization and a tenant in two databases, none of them without the others in the end.
//!
//! 1. The request id is written down, the person's password checked or hashed; nothing else is stored.
//! 2. The resolver claims a tenant for that id; asking again answers the same one.
//! 3. One transaction writes person, organization and owner.
//! 4. The resolver confirms the tenant; then the organization is told to everybody, and the owner let in.
//!
//! A crash before 3 leaves a claim: the resolver asks whether the organization is known, and releases it. A crash
//! after 3 leaves an unconfirmed organization: [`sweep`] confirms it, or removes it when the claim is gone.

mod model;
mod resolver;
mod routes;
mod saga;
pub(crate) mod store;
pub(crate) mod sweep;

pub(crate) use routes::router;
