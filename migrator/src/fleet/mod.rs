//! All databases at once: who they are ([`target`]), where they stand ([`inspect`](mod@inspect)),
//! moving them under one lease ([`lease`], [`run`](mod@run)).

pub mod inspect;
pub mod lease;
mod relocate;
pub mod report;
pub mod run;
pub mod target;

use std::num::NonZeroUsize;

use kernel::{Clock, Ids};

use crate::registry::Registry;

pub use inspect::{Inspection, State};
pub use lease::{Lease, LeaseError};
pub use report::{Observer, Outcome, Report, Verdict};
pub use run::{Request, RunError};
pub use target::{ListError, Platform, Selection, Target, Wave};

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
    /// How many databases are worked on at once.
    pub parallel: NonZeroUsize,
}
