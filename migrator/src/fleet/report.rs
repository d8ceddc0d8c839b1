//! What became of each database in a run, and of the run as a whole.

use std::time::Duration;

use serde::Serialize;
use uuid::Uuid;

use super::relocate::Moved;
use super::{Target, Wave};

/// What became of one database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Steps were taken.
    Migrated,
    /// It was there already.
    Unchanged,
    /// It is at the version it had, or at the last good step.
    Failed,
    /// Not tried.
    Skipped,
}

impl Verdict {
    /// As it is shown and stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Migrated => "migrated",
            Self::Unchanged => "unchanged",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
        }
    }
}

/// One database's result.
#[derive(Clone, Debug, Serialize)]
pub struct Outcome {
    /// What a person calls it.
    pub name: String,
    /// Its wave.
    pub wave: Wave,
    /// The tenant's id.
    pub tenant_id: Option<kernel::TenantId>,
    /// Its server.
    pub cluster: String,
    /// The database itself.
    pub database: String,
    /// The version before.
    pub from: Option<String>,
    /// The version it stands at now.
    pub to: Option<String>,
    /// What became of it.
    pub outcome: Verdict,
    /// Why it failed or was not tried.
    pub error: Option<String>,
    /// How long it took.
    pub duration_ms: u64,
}

impl Outcome {
    pub(super) fn stops_the_run(&self) -> bool {
        self.outcome == Verdict::Failed && self.wave.stops_the_run()
    }
}

/// A whole run's result.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// The run, as recorded in the catalog.
    pub run_id: Uuid,
    /// `succeeded`, `failed`, or `aborted` when it ended before its time.
    pub outcome: &'static str,
    /// Every database, in the order they ended.
    pub results: Vec<Outcome>,
}

impl Report {
    /// How many databases came out so.
    pub fn count(&self, verdict: Verdict) -> usize {
        let same = |outcome: &&Outcome| outcome.outcome == verdict;
        self.results.iter().filter(same).count()
    }

    /// Nothing failed and nothing was left out.
    pub fn succeeded(&self) -> bool {
        self.outcome == "succeeded"
    }
}

/// Follows a run.
pub trait Observer: Send + Sync {
    /// This many databases are to be looked at.
    fn begins(&self, databases: usize);
    /// One of them is done.
    fn done(&self, outcome: &Outcome);
}

pub(super) fn outcome(target: &Target, moved: Moved, took: Duration) -> Outcome {
    let verdict = match &moved.result {
        Err(_) => Verdict::Failed,
        Ok(()) if moved.from == moved.to => Verdict::Unchanged,
        Ok(()) => Verdict::Migrated,
    };
    Outcome {
        name: target.label().to_owned(),
        wave: target.wave,
        tenant_id: target.tenant.as_ref().map(|tenant| tenant.id),
        cluster: target.cluster.clone(),
        database: target.database().to_owned(),
        from: moved.from,
        to: moved.to,
        outcome: verdict,
        error: moved.result.err().map(|error| error.to_string()),
        duration_ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
    }
}

pub(super) fn skipped(target: &Target, why: &str) -> Outcome {
    Outcome {
        outcome: Verdict::Skipped,
        error: Some(why.to_owned()),
        ..outcome(target, Moved::not_needed(target), Duration::ZERO)
    }
}
