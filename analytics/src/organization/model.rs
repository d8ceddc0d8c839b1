//! Generations, and the document that says which one counts.

use chrono::{DateTime, Utc};
use kernel::TimeZone;
use mongodb::bson::{Document, doc};
use serde::Deserialize;

/// One whole set of an organization's states and rollups. A rebuild makes the next one beside the one that counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(transparent)]
pub(crate) struct Generation(i64);

impl Generation {
    /// What events came to that are kept no longer; every other one begins with it.
    pub(crate) const CHECKPOINT: Self = Self(-1);

    /// A filter of the generations before it, but for the checkpoint.
    pub(crate) fn before(self) -> Document {
        doc! { "generation": { "$gt": Self::CHECKPOINT.0, "$lt": self.0 } }
    }

    /// Begins a filter or a document of this generation.
    pub(crate) fn with(self, rest: Document) -> Document {
        let mut document = doc! { "generation": self.0 };
        document.extend(rest);
        document
    }
}

/// Days that events are kept where nobody says otherwise: a year can be looked back on, and some.
const USUAL_RETENTION_DAYS: i64 = 400;

/// Days that events are kept at least: what comes later than that cannot be told from what came before.
pub(super) const MIN_RETENTION_DAYS: i64 = 30;

/// Days that events are kept at most: ten years.
pub(super) const MAX_RETENTION_DAYS: i64 = 3_650;

/// What an organization may want.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) timezone: Option<TimeZone>,
    pub(super) retention_days: Option<i64>,
}

/// What is written down of an organization; nothing before its first event.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(crate) struct Ledger {
    /// The generation that counts.
    pub(crate) generation: Generation,
    /// Batches taken in.
    pub(crate) seq: i64,
    /// Counts changes of what the organization wants.
    pub(crate) version: i32,
    retention_days: Option<i64>,
    /// Where days begin for who says nothing else.
    pub(crate) timezone: Option<TimeZone>,
    /// Events before this time are folded away: one that came now could not be told from one that came before.
    #[serde(rename = "events_from_ms")]
    events_from: Option<i64>,
}

impl Ledger {
    /// Days that events are kept.
    pub(crate) fn retention_days(&self) -> i64 {
        self.retention_days.unwrap_or(USUAL_RETENTION_DAYS)
    }

    /// Whether an event of this time is taken in.
    pub(crate) fn takes(&self, time: DateTime<Utc>) -> bool {
        self.events_from
            .is_none_or(|from| time.timestamp_millis() >= from)
    }
}
