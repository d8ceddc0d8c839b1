//! Passkeys (WebAuthn level 3): a second factor after a password, or both factors in one.
//!
//! A key belongs to the platform's base domain and is good on every organization's host; each ceremony is bound to the
//! host that asked for it. The authenticator must know its person (user verification) each time.

mod party;
mod routes;
mod sign_in;
pub(super) mod store;
mod verify;

use utoipa_axum::router::OpenApiRouter;

use crate::state::AppState;

pub(super) use party::party;
pub(super) use verify::{Begun, begin, finish};

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .merge(routes::router())
        .merge(sign_in::router())
}
