//! All databases at once: who they are ([`target`]), where they stand ([`inspect`](mod@inspect)), what would
//! run ([`plan`](mod@plan)), moving them wave by wave under one lease ([`lease`], [`run`](mod@run)).

pub mod inspect;
pub mod lease;
pub mod plan;
mod recorder;
mod relocate;
pub mod report;
pub mod run;
pub mod target;
mod throttle;
pub mod wave;

use std::num::NonZeroUsize;

use kernel::{Clock, Ids};

use crate::registry::Registry;

pub use inspect::{Inspection, State};
pub use lease::{Lease, LeaseError};
pub use report::{Observer, Outcome, Report, Verdict};
pub use run::{Request, Rollout, RunError};
pub use target::{Kind, ListError, Platform, Selection, Target};
pub use wave::{Canary, MaxFailures, Wave};

/// What every fleet command works with.
#[derive(Clone, Debug)]
pub struct Fleet {
    /// The catalog.
    pub registry: Registry,
    /// The shared databases.
    pub platform: Platform,
    /// The time.
    pub clock: Clock,
    /// Ids of runs.
    pub ids: Ids,
    /// How many databases of one server are worked on at once.
    pub parallel: NonZeroUsize,
}
