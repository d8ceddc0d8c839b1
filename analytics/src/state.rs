//! What handlers work with.

use axum::extract::FromRef;
use httpkit::Guard;
use httpkit::client::Upstream;
use kernel::Clock;

use crate::Store;

/// Cheap to clone.
#[derive(Clone, FromRef)]
pub struct AppState {
    /// The numbers.
    pub store: Store,
    /// Knows who calls.
    pub guard: Guard,
    /// Tells the time.
    pub clock: Clock,
    /// Knows who is in a team.
    pub projects: Projects,
}

/// The way to project-svc.
#[derive(Clone)]
pub struct Projects(pub Upstream);
