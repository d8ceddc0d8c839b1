//! Rollups as they are read, and their sums.

use std::collections::BTreeMap;

use events::topic::task::TaskStatus;
use kernel::UserId;
use serde::Deserialize;

use crate::counter::Slot;
use crate::period::{Asked, Bucket};

/// What moved within some time, as it is stored.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(crate) struct Moves {
    pub(crate) created: i64,
    pub(crate) done: i64,
    /// Tasks that came to a status, less those that left it.
    pub(crate) level: BTreeMap<TaskStatus, i64>,
    /// The same in seconds of estimates.
    pub(crate) estimate: BTreeMap<TaskStatus, i64>,
    pub(crate) links_created: i64,
    pub(crate) link_opens: i64,
    /// Opens by class of device.
    pub(crate) opens: BTreeMap<String, i64>,
}

impl Moves {
    pub(crate) fn add(&mut self, other: &Self) {
        self.created += other.created;
        self.done += other.done;
        self.links_created += other.links_created;
        self.link_opens += other.link_opens;
        add_all(&mut self.level, &other.level);
        add_all(&mut self.estimate, &other.estimate);
        add_all(&mut self.opens, &other.opens);
    }
}

fn add_all<K: Ord + Clone>(to: &mut BTreeMap<K, i64>, from: &BTreeMap<K, i64>) {
    for (key, by) in from {
        *to.entry(key.clone()).or_default() += by;
    }
}

/// What happened on a UTC day, as it is stored.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct DayRollup {
    /// By quarter of an hour, from 0 to 95.
    pub(super) slots: BTreeMap<String, Moves>,
    pub(super) done_by: BTreeMap<UserId, i64>,
}

/// How things stand now, as it is stored.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(crate) struct Standings {
    pub(crate) status: BTreeMap<TaskStatus, i64>,
    pub(crate) estimate: BTreeMap<TaskStatus, i64>,
    pub(crate) assigned: BTreeMap<UserId, i64>,
    pub(crate) assigned_estimate: BTreeMap<UserId, i64>,
}

/// What moved, quarter by quarter.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct History(BTreeMap<Slot, Moves>);

impl History {
    /// Adds what happened in a slot.
    pub(crate) fn put(&mut self, slot: Slot, moves: &Moves) {
        self.0.entry(slot).or_default().add(moves);
    }

    /// All that moved from the first slot up to the one behind the last.
    pub(crate) fn between(&self, first: Slot, behind: Slot) -> Moves {
        let mut sum = Moves::default();
        if first < behind {
            self.0
                .range(first..behind)
                .for_each(|(_, moves)| sum.add(moves));
        }
        sum
    }

    /// All that moved in a part of a period.
    pub(crate) fn of(&self, bucket: &Bucket) -> Moves {
        let (first, behind) = bucket.slots();
        self.between(first, behind)
    }

    /// All that moved in a period.
    pub(crate) fn sum(&self, asked: Asked) -> Moves {
        self.between(Slot::of(asked.begins()), Slot::of(asked.ends()))
    }
}
