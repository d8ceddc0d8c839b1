//! What became of each database in a run, and of the run as a whole.

use std::time::Duration;

use serde::Serialize;
use uuid::Uuid;

use super::relocate::Moved;
use super::{Kind, Target, Wave};
use crate::error::Error;

/// What became of one database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Steps were taken.
    Migrated,
    /// It was there already.
    Unchanged,
    /// A rehearsal of the steps went well.
    Rehearsed,
    /// Its tables were locked each time it was tried.
    Deferred,
    /// It is at the version it had, or at the last good step.
    Failed,
    /// Not tried.
    Skipped,
}

impl Verdict {
    /// As it is shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Migrated => "migrated",
            Self::Unchanged => "unchanged",
            Self::Rehearsed => "rehearsed",
            Self::Deferred => "deferred",
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
    /// What it is.
    pub kind: Kind,
    /// The part of the run it belongs to.
    pub wave: Wave,
    /// The tenant's id.
    pub tenant_id: Option<kernel::TenantId>,
    /// Its server.
    pub cluster: String,
    /// The database itself.
    pub database: String,
    /// The version before.
    pub from: Option<String>,
    /// The version it stands at now; in a rehearsal, the one it would stand at.
    pub to: Option<String>,
    /// What became of it.
    pub outcome: Verdict,
    /// It was tried so often, because its tables were locked.
    pub attempts: u32,
    /// Why it failed or was not tried.
    pub error: Option<String>,
    /// How long it took.
    pub duration_ms: u64,
}

/// Why a run ended before its time, by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Halt {
    /// The wave that had too many failures.
    pub wave: Wave,
    /// How many.
    pub failures: usize,
    /// How many would have been borne.
    pub max_failures: usize,
}

/// A whole run's result.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// The run, as recorded in the catalog; none for a rehearsal.
    pub run_id: Option<Uuid>,
    /// `succeeded`; `failed` when all were tried and some failed; `halted` when there were too many
    /// failures to go on; `aborted` when it was stopped.
    pub outcome: &'static str,
    /// Where and why it halted.
    pub halted: Option<Halt>,
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
    /// A wave begins with so many databases.
    fn wave(&self, wave: Wave, databases: usize);
    /// One database is done.
    fn done(&self, outcome: &Outcome);
}

pub(super) fn outcome(target: &Target, wave: Wave, moved: Moved, took: Duration) -> Outcome {
    let verdict = match (&moved.result, moved.not_tried) {
        (Err(_), _) => Verdict::Failed,
        (Ok(()), None) if moved.from == moved.to => Verdict::Unchanged,
        (Ok(()), _) => Verdict::Migrated,
    };
    let not_tried = |step| format!("{step} cannot run in a transaction and was not tried");
    Outcome {
        name: target.label().to_owned(),
        kind: target.kind,
        wave,
        tenant_id: target.tenant.as_ref().map(|tenant| tenant.id),
        cluster: target.cluster.clone(),
        database: target.database().to_owned(),
        from: moved.from,
        to: moved.to,
        outcome: verdict,
        attempts: 1,
        error: moved
            .result
            .err()
            .map(|error: Error| error.to_string())
            .or_else(|| moved.not_tried.map(not_tried)),
        duration_ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
    }
}

pub(super) fn skipped(target: &Target, wave: Wave, why: &str) -> Outcome {
    Outcome {
        outcome: Verdict::Skipped,
        error: Some(why.to_owned()),
        attempts: 0,
        ..outcome(target, wave, Moved::not_needed(target), Duration::ZERO)
    }
}
