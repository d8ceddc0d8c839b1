//! What handlers and jobs work with.

use std::sync::Arc;

use axum::extract::FromRef;
use httpkit::Guard;
use httpkit::client::Upstream;
use kernel::{Clock, Ids};
use tenancy::Pools;

use crate::people::Known;
use crate::turns::Turns;
use crate::webhook::Webhooks;

/// Shared by all requests; cheap to clone.
#[derive(Clone)]
pub struct AppState(Arc<Parts>);

/// The parts of [`AppState`].
pub struct Parts {
    /// Connections to the databases of all tenants.
    pub pools: Pools,
    /// Knows who calls.
    pub guard: Guard,
    /// Tells the time.
    pub clock: Clock,
    /// Makes ids.
    pub ids: Ids,
    /// Knows the members of an organization before the broker has told of them.
    pub identity: Upstream,
    /// People this process has already written down.
    pub known: Known,
    /// Who is putting cards where.
    pub turns: Turns,
    /// How endpoints outside are told of events.
    pub webhooks: Webhooks,
}

impl From<Parts> for AppState {
    fn from(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }
}

impl std::ops::Deref for AppState {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl FromRef<AppState> for Guard {
    fn from_ref(state: &AppState) -> Self {
        state.guard.clone()
    }
}
