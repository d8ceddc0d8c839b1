//! Rollups as they are read, and their sums.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use events::topic::task::TaskStatus;
use kernel::UserId;
use mongodb::bson::{Document, doc};
use serde::Deserialize;
use serde_with::{DisplayFromStr, Map, serde_as};

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

/// What is read of what moved. A day keeps each number by itself, so that a year is not read for two of fourteen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Tasks created and done, links made and opened.
    Counts,
    /// How tasks came to statuses and left them, and their estimates.
    Levels,
    /// Links made and opened, and by which devices.
    Opens,
}

impl Kind {
    /// The fields of a day's document.
    pub(super) fn fields(self) -> Document {
        match self {
            Self::Counts => doc! {
                "moves.created": 1, "moves.done": 1, "moves.links_created": 1, "moves.link_opens": 1,
            },
            Self::Levels => doc! { "moves.level": 1, "moves.estimate": 1 },
            Self::Opens => {
                doc! { "moves.links_created": 1, "moves.link_opens": 1, "moves.opens": 1 }
            }
        }
    }
}

/// What happened on a UTC day, as it is stored; what was not asked for is empty.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct DayRollup {
    pub(super) day: NaiveDate,
    #[serde(default)]
    pub(super) moves: DayMoves,
    #[serde(default)]
    pub(super) done_by: BTreeMap<UserId, i64>,
}

/// A number by quarter of an hour, from 0 to 95.
type Quarters = Vec<(i64, i64)>;

/// [`Moves`] by quarter of an hour.
#[serde_as]
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct DayMoves {
    #[serde_as(as = "Map<DisplayFromStr, _>")]
    created: Quarters,
    #[serde_as(as = "Map<DisplayFromStr, _>")]
    done: Quarters,
    #[serde_as(as = "BTreeMap<_, Map<DisplayFromStr, _>>")]
    level: BTreeMap<TaskStatus, Quarters>,
    #[serde_as(as = "BTreeMap<_, Map<DisplayFromStr, _>>")]
    estimate: BTreeMap<TaskStatus, Quarters>,
    #[serde_as(as = "Map<DisplayFromStr, _>")]
    links_created: Quarters,
    #[serde_as(as = "Map<DisplayFromStr, _>")]
    link_opens: Quarters,
    #[serde_as(as = "BTreeMap<_, Map<DisplayFromStr, _>>")]
    opens: BTreeMap<String, Quarters>,
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
    /// Of days, each given once.
    pub(super) fn of_days(days: &[DayRollup]) -> Self {
        let mut history = Self::default();
        for DayRollup { day, moves, .. } in days {
            history.put(*day, &moves.created, |moves| &mut moves.created);
            history.put(*day, &moves.done, |moves| &mut moves.done);
            history.put(*day, &moves.links_created, |moves| &mut moves.links_created);
            history.put(*day, &moves.link_opens, |moves| &mut moves.link_opens);
            for (status, by) in &moves.level {
                history.put(*day, by, |moves| moves.level.entry(*status).or_default());
            }
            for (status, by) in &moves.estimate {
                history.put(*day, by, |moves| moves.estimate.entry(*status).or_default());
            }
            for (device, by) in &moves.opens {
                history.put(*day, by, |moves| {
                    moves.opens.entry(device.clone()).or_default()
                });
            }
        }
        history
    }

    fn put(&mut self, day: NaiveDate, by: &[(i64, i64)], number: impl Fn(&mut Moves) -> &mut i64) {
        for (quarter, by) in by {
            let moves = self.0.entry(Slot::new(day, *quarter)).or_default();
            *number(moves) += by;
        }
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
