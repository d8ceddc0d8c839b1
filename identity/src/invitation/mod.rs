//! Invitations: a link by mail that makes its reader a member, once, for a week.
//!
//! Only the hash of the token is stored. A newer invitation of the same address replaces the older one. Who has an
//! account already must give its password: the mail box alone opens no account.

mod accept;
mod elsewhere;
mod internal;
mod model;
mod resend;
mod routes;
mod send;
pub(crate) mod store;
mod view;

pub(crate) use accept::join;
pub(crate) use routes::router;
pub(crate) use send::Draft;
