//! The way of a task through the statuses, whatever the order in which it is heard of.

use chrono::{DateTime, Utc};
use events::topic::task::TaskStatus;
use serde::{Deserialize, Serialize};

use super::since::Since;

/// Statuses in the order of the changes that led to them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Path(Vec<Step>);

/// A change that says which status the task has.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Step {
    since: Since,
    status: TaskStatus,
    at_ms: i64,
}

/// A status and when the task came to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stay {
    pub(super) status: TaskStatus,
    pub(super) at_ms: i64,
}

impl Path {
    /// Puts a change in its place among those that are known.
    pub(super) fn put(&mut self, status: TaskStatus, at: DateTime<Utc>, since: Since) {
        let at_ms = at.timestamp_millis();
        let step = Step {
            since,
            status,
            at_ms,
        };
        let behind = self
            .0
            .iter()
            .rposition(|known| !since.is_before(known.since));
        self.0.insert(behind.map_or(0, |place| place + 1), step);
    }

    /// The status now, and when the last change said it came to it.
    pub(super) fn last(&self) -> Option<Stay> {
        self.0.last().map(|step| Stay {
            status: step.status,
            at_ms: step.at_ms,
        })
    }

    /// The statuses it went through: changes that left it where it was are none.
    pub(super) fn stays(&self) -> Vec<Stay> {
        let mut stays: Vec<Stay> = Vec::with_capacity(self.0.len());
        for step in &self.0 {
            if stays.last().is_none_or(|stay| stay.status != step.status) {
                stays.push(Stay {
                    status: step.status,
                    at_ms: step.at_ms,
                });
            }
        }
        stays
    }
}
