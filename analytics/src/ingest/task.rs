//! What is known of one task, and what it contributes to the numbers.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use events::topic::task::{
    TaskAssigned, TaskCreated, TaskDeleted, TaskPriority, TaskRestored, TaskStatus,
    TaskStatusChanged, TaskTransferred, TaskUpdated,
};
use kernel::{ProjectId, UserId};
use serde::{Deserialize, Serialize};

use super::path::{Path, Stay};
use super::since::Since;
use crate::counter::{Counter, Moved, Number, Scope, Slot, Standing};

/// A task as far as numbers care. Each part remembers which change it is of, so that an older change
/// that comes later does not undo it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct TaskState {
    pub(super) project: Option<ProjectId>,
    project_since: Since,
    created_ms: Option<i64>,
    path: Path,
    priority: Option<TaskPriority>,
    estimate_seconds: Option<i32>,
    details_since: Since,
    assignees: BTreeSet<UserId>,
    assigned_since: Since,
    /// Whether it lies in the trash.
    deleted: bool,
    deleted_since: Since,
    /// Whether its project does.
    project_gone: bool,
    project_gone_since: Since,
}

/// What can be asked of a task that counts, as it is stored beside the state.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Facts {
    project: Option<ProjectId>,
    created_ms: i64,
    status: TaskStatus,
    /// When it came to its status.
    status_ms: i64,
    /// Whether somebody still has to do something about it.
    open: bool,
    priority: Option<TaskPriority>,
    estimate_seconds: Option<i32>,
    assignees: BTreeSet<UserId>,
    /// When it was done, if it still is.
    done_ms: Option<i64>,
    /// From its creation until it was done.
    lead_ms: Option<i64>,
    /// From when somebody first worked on it until it was done.
    cycle_ms: Option<i64>,
}

impl TaskState {
    pub(super) fn create(&mut self, event: &TaskCreated, time: DateTime<Utc>) {
        let created_at = event.created_at.unwrap_or(time);
        self.created_ms = Some(created_at.timestamp_millis());
        let since = Since::new(event.version, time);
        self.set_project(event.project_id, since);
        self.set_details(event.priority, event.estimate_seconds, since);
        if event.completed_at.is_some_and(|at| at > created_at) {
            // Done elsewhere before it came here: until then it was to do.
            self.path.put(TaskStatus::Todo, created_at, since);
        }
        self.set_status(event.status, event.completed_at, created_at, since);
        self.set_assignees(&event.assignee_ids, since);
    }

    pub(super) fn update(&mut self, event: &TaskUpdated, time: DateTime<Utc>) {
        let since = Since::new(event.version, time);
        self.set_project(event.project_id, since);
        if let Some(priority) = event.priority {
            self.set_details(priority, event.estimate_seconds, since);
        }
    }

    pub(super) fn change_status(&mut self, event: &TaskStatusChanged, time: DateTime<Utc>) {
        let since = Since::new(event.version, time);
        self.set_project(event.project_id, since);
        self.set_status(event.to, event.completed_at, time, since);
    }

    pub(super) fn assign(&mut self, event: &TaskAssigned, time: DateTime<Utc>) {
        let since = Since::new(event.version, time);
        self.set_project(event.project_id, since);
        self.set_assignees(&event.assignee_ids, since);
    }

    /// Into the trash; what it is goes on being kept, for when it comes back.
    pub(super) fn delete(&mut self, event: &TaskDeleted, time: DateTime<Utc>) {
        let since = Since::new(event.version, time);
        self.set_project(event.project_id, since);
        self.set_deleted(true, since);
    }

    /// Back from the trash, as it is now.
    pub(super) fn restore(&mut self, event: &TaskRestored, time: DateTime<Utc>) {
        let since = Since::new(event.version, time);
        self.set_project(event.project_id, since);
        self.set_deleted(false, since);
        self.set_status(event.status, event.completed_at, time, since);
        self.set_assignees(&event.assignee_ids, since);
    }

    /// To another project, whose coming and going it shares from now on. A change of status has an event of its own.
    pub(super) fn transfer(&mut self, event: &TaskTransferred, time: DateTime<Utc>) {
        self.set_project(event.project_id, Since::new(event.version, time));
    }

    /// Its project is in the trash.
    pub(super) fn lose_project(&mut self, time: DateTime<Utc>) {
        self.set_project_gone(true, time);
    }

    /// Its project came back. What was in the trash by itself stays there.
    pub(super) fn regain_project(&mut self, time: DateTime<Utc>) {
        self.set_project_gone(false, time);
    }

    fn set_project(&mut self, project: ProjectId, since: Since) {
        if since.is_before(self.project_since) {
            return;
        }
        self.project_since = since;
        if self.project.is_some_and(|old| old != project) {
            // Nothing goes into a project in the trash.
            self.project_gone = false;
            self.project_gone_since = since.moment();
        }
        self.project = Some(project);
    }

    fn set_project_gone(&mut self, gone: bool, time: DateTime<Utc>) {
        let since = Since::new(None, time);
        if !since.is_before(self.project_gone_since) {
            self.project_gone_since = since;
            self.project_gone = gone;
        }
    }

    fn set_deleted(&mut self, deleted: bool, since: Since) {
        if !since.is_before(self.deleted_since) {
            self.deleted_since = since;
            self.deleted = deleted;
        }
    }

    fn set_status(
        &mut self,
        status: TaskStatus,
        completed_at: Option<DateTime<Utc>>,
        time: DateTime<Utc>,
        since: Since,
    ) {
        let done_at = completed_at.filter(|_| status == TaskStatus::Done);
        self.path.put(status, done_at.unwrap_or(time), since);
    }

    fn set_details(&mut self, priority: TaskPriority, estimate: Option<i32>, since: Since) {
        if !since.is_before(self.details_since) {
            self.details_since = since;
            self.priority = Some(priority);
            self.estimate_seconds = estimate;
        }
    }

    fn set_assignees(&mut self, assignees: &[UserId], since: Since) {
        if since.is_before(self.assigned_since) {
            return;
        }
        self.assigned_since = since;
        self.assignees = assignees.iter().copied().collect();
    }

    /// When it was created, and where it stands; nothing while its creation is not known or while it lies in the trash,
    /// by itself or with its project.
    fn counting(&self) -> Option<(i64, Stay)> {
        let gone = self.deleted || self.project_gone;
        Some((self.created_ms.filter(|_| !gone)?, self.path.last()?))
    }

    /// What can be asked of it, if it counts.
    pub(super) fn facts(&self) -> Option<Facts> {
        let (created_ms, last) = self.counting()?;
        let stays = self.path.stays();
        let done_ms = (last.status == TaskStatus::Done).then_some(last.at_ms);
        let began = stays.iter().find(|stay| is_begun(stay.status));
        Some(Facts {
            project: self.project,
            created_ms,
            status: last.status,
            status_ms: stays.last().map_or(last.at_ms, |stay| stay.at_ms),
            open: is_open(last.status),
            priority: self.priority,
            estimate_seconds: self.estimate_seconds,
            assignees: self.assignees.clone(),
            done_ms,
            lead_ms: done_ms.map(|done| done - created_ms),
            cycle_ms: done_ms.zip(began).map(|(done, began)| done - began.at_ms),
        })
    }

    /// What it adds to which counters.
    pub(super) fn contribution(&self) -> Vec<(Counter, i64)> {
        let Some((created_ms, last)) = self.counting() else {
            return Vec::new();
        };
        let numbers = self.numbers(created_ms, last);
        let mut counters = Vec::new();
        let whole = [Some(Scope::Organization), self.project.map(Scope::Project)];
        for scope in whole.into_iter().flatten() {
            let add = |(number, by)| (Counter { scope, number }, by);
            counters.extend(numbers.iter().copied().map(add));
            counters.extend(self.of_people(last).into_iter().map(add));
        }
        for person in &self.assignees {
            let scope = Scope::Person(*person);
            let add = |(number, by)| (Counter { scope, number }, by);
            counters.extend(numbers.iter().copied().map(add));
        }
        counters
    }

    /// What it adds wherever it is counted.
    fn numbers(&self, created_ms: i64, last: Stay) -> Vec<(Number, i64)> {
        let estimate = i64::from(self.estimate_seconds.unwrap_or_default());
        let mut numbers = vec![
            (Number::At(slot(created_ms), Moved::Created), 1),
            (Number::Now(Standing::Status(last.status)), 1),
            (Number::Now(Standing::Estimate(last.status)), estimate),
        ];
        if last.status == TaskStatus::Done {
            numbers.push((Number::At(slot(last.at_ms), Moved::Done), 1));
        }
        let mut left = None;
        for Stay { status, at_ms } in self.path.stays() {
            for (status, by) in [(Some(status), 1), (left, -1)] {
                let Some(status) = status else { continue };
                let at = |moved| Number::At(slot(at_ms), moved);
                numbers.push((at(Moved::Level(status)), by));
                numbers.push((at(Moved::Estimate(status)), by * estimate));
            }
            left = Some(status);
        }
        numbers
    }

    /// What it adds to the numbers of its people within the organization and the project.
    fn of_people(&self, last: Stay) -> Vec<(Number, i64)> {
        let estimate = i64::from(self.estimate_seconds.unwrap_or_default());
        let mut numbers = Vec::new();
        for person in &self.assignees {
            if last.status == TaskStatus::Done {
                numbers.push((Number::DoneBy(slot(last.at_ms).day(), *person), 1));
            }
            if is_open(last.status) {
                numbers.push((Number::Now(Standing::Assigned(*person)), 1));
                numbers.push((Number::Now(Standing::AssignedEstimate(*person)), estimate));
            }
        }
        numbers
    }
}

fn slot(ms: i64) -> Slot {
    Slot::of(DateTime::from_timestamp_millis(ms).unwrap_or(DateTime::UNIX_EPOCH))
}

/// Whether somebody still has to do something about it.
pub(crate) fn is_open(status: TaskStatus) -> bool {
    !matches!(status, TaskStatus::Done | TaskStatus::Cancelled)
}

/// Whether somebody works on it.
pub(crate) fn is_begun(status: TaskStatus) -> bool {
    matches!(status, TaskStatus::InProgress | TaskStatus::Review)
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use kernel::{Ids, TaskId};

    use super::*;

    fn at(hour: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::hours(hour)
    }

    fn state(steps: &[(i64, TaskStatus)]) -> TaskState {
        let ids = Ids::system();
        let (task_id, project_id): (TaskId, ProjectId) = (ids.next(), ids.next());
        let mut state = TaskState::default();
        let created = TaskCreated {
            task_id,
            project_id,
            status: TaskStatus::Todo,
            priority: TaskPriority::Low,
            created_by: ids.next(),
            assignee_ids: Vec::new(),
            created_at: None,
            completed_at: None,
            estimate_seconds: None,
            version: Some(1),
        };
        state.create(&created, at(1));
        for ((hour, to), version) in steps.iter().zip(2..) {
            let changed = TaskStatusChanged {
                task_id,
                project_id,
                from: TaskStatus::Todo,
                to: *to,
                assignee_ids: Vec::new(),
                completed_at: None,
                version: Some(version),
            };
            state.change_status(&changed, at(*hour));
        }
        state
    }

    /// Hours: came to its status, lead time, cycle time.
    fn hours(steps: &[(i64, TaskStatus)]) -> (i64, Option<i64>, Option<i64>) {
        let facts = state(steps).facts().unwrap();
        let hours = |ms: i64| ms / 3_600_000;
        (
            hours(facts.status_ms),
            facts.lead_ms.map(hours),
            facts.cycle_ms.map(hours),
        )
    }

    #[test]
    fn times_are_measured_to_the_last_completion() {
        use TaskStatus::{Cancelled, Done, InProgress, Review, Todo};
        assert_eq!(hours(&[]), (1, None, None));
        assert_eq!(
            hours(&[(3, InProgress), (4, Review), (8, Done)]),
            (8, Some(7), Some(5))
        );
        assert_eq!(
            hours(&[(3, InProgress), (8, Done), (9, Todo), (12, Done)]),
            (12, Some(11), Some(9))
        );
        // Nobody was seen working on it.
        assert_eq!(hours(&[(8, Done)]), (8, Some(7), None));
        assert_eq!(hours(&[(3, Review), (8, Cancelled)]), (8, None, None));
        // A change that leaves it where it is does not make it younger there.
        assert_eq!(hours(&[(3, Review), (6, Review)]).0, 3);
    }
}
