//! Rules of tasks.

use chrono::{DateTime, Utc};
use events::topic::task::TaskStatus;
use kernel::UserId;

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

/// Who did a task before `removed` left and `added` came.
pub(super) fn previous_assignees(
    present: &[UserId],
    added: &[UserId],
    removed: &[UserId],
) -> Vec<UserId> {
    let stayed = present.iter().filter(|id| !added.contains(id));
    stayed.chain(removed).copied().collect()
}

#[cfg(test)]
mod tests {
    use kernel::Ids;

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
    fn previous_assignees_are_those_who_stayed_and_those_who_left() {
        let ids: Vec<UserId> = (0..3).map(|_| Ids::system().next()).collect();
        let (stays, comes, goes) = (ids[0], ids[1], ids[2]);
        assert_eq!(
            previous_assignees(&[stays, comes], &[comes], &[goes]),
            [stays, goes]
        );
    }
}
