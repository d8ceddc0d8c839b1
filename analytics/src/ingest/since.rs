//! Which of two changes of a task is the later one.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// A change of a task: the row's version where the event tells it, else the time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Since {
    version: Option<i32>,
    micros: i64,
}

impl Since {
    pub(super) fn new(version: Option<i32>, time: DateTime<Utc>) -> Self {
        let micros = time.timestamp_micros();
        Self { version, micros }
    }

    /// The same moment, for what has no version.
    pub(super) fn moment(self) -> Self {
        Self {
            version: None,
            ..self
        }
    }

    /// Events of one change carry the same version; among those the later one counts.
    pub(super) fn is_before(self, other: Self) -> bool {
        match (self.version, other.version) {
            (Some(own), Some(others)) if own != others => own < others,
            _ => self.micros < other.micros,
        }
    }
}
