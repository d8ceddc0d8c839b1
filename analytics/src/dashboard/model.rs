//! Rules of the dashboard: how rollups become the answer.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use events::topic::task::TaskStatus;
use kernel::UserId;
use serde::Serialize;
use utoipa::ToSchema;

use crate::ingest::is_open;
use crate::numbers::{History, Moves, Standings};
use crate::period::{Asked, Bucket, Period};

/// People shown, the busiest ones; an answer has an end.
const MAX_PEOPLE: usize = 500;

/// What the store knows of a period.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Known {
    pub(crate) history: History,
    /// Tasks completed in the period, by person.
    pub(crate) done_by: BTreeMap<UserId, i64>,
    pub(crate) standings: Standings,
    /// What moved in the period to compare with.
    pub(crate) previous: Option<Previous>,
}

/// Another period, and what moved in it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Previous {
    pub(crate) period: Period,
    pub(crate) moves: Moves,
}

/// What happens in the organization, in numbers.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct Dashboard {
    #[serde(flatten)]
    overview: Overview,
    by_person: Vec<PersonNumbers>,
    links: LinkNumbers,
}

/// What happens in an organization or in a part of it, in numbers.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct Overview {
    period: Period,
    /// IANA name of the time zone whose days are meant.
    #[schema(example = "Europe/Berlin")]
    timezone: String,
    tasks: TaskNumbers,
    by_status: StatusNumbers,
    /// Sums of estimates of tasks as they stand now, in seconds.
    estimate_by_status: StatusNumbers,
    /// The period in parts, the first one first; parts without anything are there too.
    series: Vec<PartNumbers>,
    /// The period before, if it is to be compared with.
    previous: Option<PreviousNumbers>,
}

/// Tasks in all.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
struct TaskNumbers {
    /// Created in the period.
    created: i64,
    /// Completed in the period and still done.
    done: i64,
    /// Neither done nor cancelled now.
    open: i64,
}

/// A number for each status.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct StatusNumbers {
    todo: i64,
    in_progress: i64,
    review: i64,
    done: i64,
    cancelled: i64,
}

/// A part of the period.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
struct PartNumbers {
    /// The day it begins on.
    date: NaiveDate,
    /// Its first moment.
    #[schema(example = "2026-03-02T00:00:00+01:00")]
    start: String,
    /// Tasks created.
    created: i64,
    /// Tasks completed that are still done.
    done: i64,
}

/// One person, the busiest first.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct PersonNumbers {
    user_id: UserId,
    /// Open tasks that are theirs now.
    pub(crate) assigned: i64,
    /// Seconds of estimates of those.
    pub(crate) assigned_estimate: i64,
    /// Tasks of theirs that were completed in the period and are still done.
    pub(crate) done: i64,
}

/// Short links.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
struct LinkNumbers {
    /// Made in the period.
    created: i64,
    /// Opened by guests in the period; machines that preview links do not count.
    opens: i64,
}

/// The period before.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
struct PreviousNumbers {
    period: Period,
    /// Tasks created.
    created: i64,
    /// Tasks completed that are still done.
    done: i64,
}

impl Dashboard {
    pub(super) fn new(asked: Asked, known: &Known) -> Self {
        let all = known.history.sum(asked);
        Self {
            overview: Overview::new(asked, known),
            by_person: by_person(known),
            links: LinkNumbers {
                created: all.links_created,
                opens: all.link_opens,
            },
        }
    }
}

impl Overview {
    pub(crate) fn new(asked: Asked, known: &Known) -> Self {
        let all = known.history.sum(asked);
        let standing = known.standings.status.iter();
        let open = standing.filter(|(status, _)| is_open(**status));
        Self {
            period: asked.period,
            timezone: asked.zone.0.name().to_owned(),
            tasks: TaskNumbers {
                created: all.created,
                done: all.done,
                open: open.map(|(_, count)| count).sum(),
            },
            by_status: StatusNumbers::of(&known.standings.status),
            estimate_by_status: StatusNumbers::of(&known.standings.estimate),
            series: series(asked, &known.history),
            previous: known.previous.as_ref().map(PreviousNumbers::of),
        }
    }
}

impl PersonNumbers {
    /// Of somebody who neither has nor did anything.
    pub(crate) const fn nothing(user_id: UserId) -> Self {
        Self {
            user_id,
            assigned: 0,
            assigned_estimate: 0,
            done: 0,
        }
    }
}

impl StatusNumbers {
    pub(crate) fn of(numbers: &BTreeMap<TaskStatus, i64>) -> Self {
        let of = |status| numbers.get(&status).copied().unwrap_or_default();
        Self {
            todo: of(TaskStatus::Todo),
            in_progress: of(TaskStatus::InProgress),
            review: of(TaskStatus::Review),
            done: of(TaskStatus::Done),
            cancelled: of(TaskStatus::Cancelled),
        }
    }
}

impl PreviousNumbers {
    fn of(previous: &Previous) -> Self {
        let Previous { period, moves } = previous;
        Self {
            period: *period,
            created: moves.created,
            done: moves.done,
        }
    }
}

/// The parts of a period.
fn series(asked: Asked, history: &History) -> Vec<PartNumbers> {
    let part = |bucket: Bucket| {
        let moves = history.of(&bucket);
        PartNumbers {
            date: bucket.date,
            start: bucket.start,
            created: moves.created,
            done: moves.done,
        }
    };
    asked.buckets().into_iter().map(part).collect()
}

/// Those who have or did something.
pub(crate) fn by_person(known: &Known) -> Vec<PersonNumbers> {
    let mut people: BTreeMap<UserId, PersonNumbers> = BTreeMap::new();
    let mut person = |user_id: UserId, change: &dyn Fn(&mut PersonNumbers)| {
        change(
            people
                .entry(user_id)
                .or_insert_with(|| PersonNumbers::nothing(user_id)),
        );
    };
    for (user, count) in &known.standings.assigned {
        person(*user, &|person| person.assigned = *count);
    }
    for (user, seconds) in &known.standings.assigned_estimate {
        person(*user, &|person| person.assigned_estimate = *seconds);
    }
    for (user, count) in &known.done_by {
        person(*user, &|person| person.done = *count);
    }
    let busy = people.into_values();
    let busy = busy.filter(|person| (person.done, person.assigned) != (0, 0));
    let mut busy: Vec<PersonNumbers> = busy.collect();
    // Stable: people with the same numbers stay in the order of their ids.
    busy.sort_by_key(|person| std::cmp::Reverse((person.done, person.assigned)));
    busy.truncate(MAX_PEOPLE);
    busy
}
