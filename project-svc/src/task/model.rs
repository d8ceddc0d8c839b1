//! Rules of tasks.

use chrono::{DateTime, NaiveDate, Utc};
use events::topic::task::TaskStatus;
use httpkit::Problem;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How much of something is done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Progress {
    /// What counts; not what was cancelled.
    pub(crate) total: i64,
    pub(crate) done: i64,
}

impl Progress {
    /// From the pair of numbers that statements make.
    pub(crate) fn of(counts: &[i64]) -> Self {
        match counts {
            [total, done, ..] => Self {
                total: *total,
                done: *done,
            },
            _ => Self::default(),
        }
    }

    /// In percent, rounded down; none of nothing.
    pub(super) fn percent(self) -> Option<i64> {
        self.done.saturating_mul(100).checked_div(self.total)
    }
}

/// What is below a task in the tree of subtasks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Below {
    /// Right below.
    pub(super) subtasks: Progress,
    /// At any depth.
    pub(super) tree: Progress,
}

/// 422 for a task that is due before it begins.
pub(super) fn check_dates(start: Option<NaiveDate>, due: Option<NaiveDate>) -> Result<(), Problem> {
    match (start, due) {
        (Some(start), Some(due)) if due < start => Err(Problem::field(
            "/due_date",
            "before_start",
            "must not lie before the start date",
        )),
        _ => Ok(()),
    }
}

/// How people name a task: `APO-12`.
pub(super) fn task_key(project_key: &str, number: i32) -> String {
    format!("{project_key}-{number}")
}

/// When a task that now has this status was done: moving a done task on among done columns keeps the time.
pub(super) fn completed_at(
    status: TaskStatus,
    before: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    (status == TaskStatus::Done).then(|| before.unwrap_or(now))
}

/// What was there before `removed` left and `added` came: people on a task, labels of one.
pub(super) fn previous<T: Copy + PartialEq>(present: &[T], added: &[T], removed: &[T]) -> Vec<T> {
    let stayed = present.iter().filter(|id| !added.contains(id));
    stayed.chain(removed).copied().collect()
}

#[cfg(test)]
mod tests {
    use kernel::{Ids, UserId};

    use super::*;

    #[test]
    fn only_done_tasks_have_a_time_of_completion_and_keep_it() {
        let (earlier, now) = (
            DateTime::UNIX_EPOCH,
            DateTime::UNIX_EPOCH + chrono::TimeDelta::days(1),
        );
        assert_eq!(completed_at(TaskStatus::Done, None, now), Some(now));
        assert_eq!(
            completed_at(TaskStatus::Done, Some(earlier), now),
            Some(earlier)
        );
        for status in [
            TaskStatus::Todo,
            TaskStatus::InProgress,
            TaskStatus::Review,
            TaskStatus::Cancelled,
        ] {
            assert_eq!(completed_at(status, Some(earlier), now), None, "{status}");
        }
    }

    #[test]
    fn previous_ones_are_those_who_stayed_and_those_who_left() {
        let ids: Vec<UserId> = (0..3).map(|_| Ids::system().next()).collect();
        let (stays, comes, goes) = (ids[0], ids[1], ids[2]);
        assert_eq!(previous(&[stays, comes], &[comes], &[goes]), [stays, goes]);
    }

    #[test]
    fn percent_is_of_what_counts() {
        assert_eq!(Progress { total: 3, done: 2 }.percent(), Some(66));
        assert_eq!(Progress::default().percent(), None);
    }

    #[test]
    fn tasks_are_due_on_the_day_they_begin_or_later() {
        let day = |day| NaiveDate::from_ymd_opt(2026, 3, day);
        assert!(check_dates(day(2), day(2)).is_ok());
        assert!(check_dates(None, day(1)).is_ok());
        assert!(check_dates(day(2), None).is_ok());
        assert_eq!(check_dates(day(2), day(1)).unwrap_err().status(), 422);
    }
}
