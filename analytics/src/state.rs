//! What handlers work with.

use axum::extract::FromRef;
use httpkit::Guard;
use httpkit::client::Upstream;
use kernel::{Clock, Ids};

use crate::Store;
use crate::report::Wake;

/// Cheap to clone.
#[derive(Clone, FromRef)]
pub struct AppState {
    /// The numbers.
    pub store: Store,
    /// Knows who calls.
    pub guard: Guard,
    /// Tells the time.
    pub clock: Clock,
    /// Makes ids.
    pub ids: Ids,
    /// Tells workers that a report is to be made.
    pub wake: Wake,
    /// Knows who is in a team.
    pub projects: Projects,
}

/// The way to project-svc.
#[derive(Clone)]
pub struct Projects(pub Upstream);
