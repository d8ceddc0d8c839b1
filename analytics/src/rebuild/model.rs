//! How far a rebuild is.

use mongodb::bson::{Document, doc};
use serde::{Deserialize, Serialize};

use crate::organization::Generation;

/// Differences that are told by name.
const MAX_DIFFERENCES: usize = 20;

/// A rebuild under way, as it is stored.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(super) struct Rebuild {
    /// The one that is made.
    pub(super) generation: Generation,
    /// Whether it is only to be compared.
    pub(super) check: bool,
    /// Whether it holds the checkpoint.
    pub(super) copied: bool,
    /// Events folded.
    pub(super) events: i64,
    /// Events there were when it began.
    pub(super) total: i64,
    /// The last one folded: its batch, none for those of before batches were counted, and its id.
    pub(super) seq: Option<i64>,
    pub(super) id: Option<String>,
}

impl Rebuild {
    /// The events that are not folded yet.
    pub(super) fn rest(&self) -> Document {
        let Some(id) = &self.id else {
            return Document::new();
        };
        let behind = match self.seq {
            Some(seq) => doc! { "seq": { "$gt": seq } },
            None => doc! { "seq": { "$gte": 0 } },
        };
        doc! { "$or": [{ "seq": self.seq, "_id": { "$gt": id } }, behind] }
    }
}

/// What a step comes to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Progress {
    /// Whether it is through.
    pub(crate) done: bool,
    /// Events folded.
    pub(crate) events: i64,
    /// Events there are.
    pub(crate) total: i64,
    /// Documents of the two generations that differ; told of a check that is through.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) differences: Option<Differences>,
}

/// In what two generations differ.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Differences {
    /// How many documents do.
    pub(crate) count: usize,
    /// The first of them.
    pub(crate) first: Vec<String>,
}

impl Differences {
    pub(super) fn add(&mut self, document: String) {
        self.count += 1;
        if self.first.len() < MAX_DIFFERENCES {
            self.first.push(document);
        }
    }
}
