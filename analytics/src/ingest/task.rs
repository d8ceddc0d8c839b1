//! What is known of one task, and what it contributes to the numbers.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, Utc};
use events::topic::task::{
    TaskAssigned, TaskCreated, TaskDeleted, TaskRestored, TaskStatus, TaskStatusChanged,
    TaskTransferred,
};
use kernel::{ProjectId, UserId};
use serde::{Deserialize, Serialize};

use super::fold::Counter;

/// A task as far as dashboards care. Each part remembers which change it is of, so that an older change
/// that comes later does not undo it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct TaskState {
    pub(super) project: Option<ProjectId>,
    #[serde(default)]
    project_since: Since,
    created_on: Option<NaiveDate>,
    status: Option<TaskStatus>,
    status_since: Since,
    completed_on: Option<NaiveDate>,
    assignees: BTreeSet<UserId>,
    assigned_since: Since,
    /// Whether it lies in the trash.
    deleted: bool,
    #[serde(default)]
    deleted_since: Since,
    /// Whether its project does.
    #[serde(default)]
    project_gone: bool,
    #[serde(default)]
    project_gone_since: Since,
}

/// Which change of a task: the row's version where the event tells it, else the time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
struct Since {
    version: Option<i32>,
    micros: i64,
}

impl Since {
    fn new(version: Option<i32>, time: DateTime<Utc>) -> Self {
        let micros = time.timestamp_micros();
        Self { version, micros }
    }

    /// Events of one change carry the same version; among those the later one counts.
    fn is_before(self, other: Self) -> bool {
        match (self.version, other.version) {
            (Some(own), Some(others)) if own != others => own < others,
            _ => self.micros < other.micros,
        }
    }
}

impl TaskState {
    pub(super) fn create(&mut self, event: &TaskCreated, time: DateTime<Utc>) {
        let created_at = event.created_at.unwrap_or(time);
        self.created_on = Some(created_at.date_naive());
        let since = Since::new(event.version, time);
        self.set_project(event.project_id, since);
        self.set_status(event.status, event.completed_at, time, since);
        self.set_assignees(&event.assignee_ids, since);
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
            self.project_gone_since = Since {
                version: None,
                ..since
            };
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
        if since.is_before(self.status_since) {
            return;
        }
        self.status_since = since;
        self.status = Some(status);
        self.completed_on =
            (status == TaskStatus::Done).then(|| completed_at.unwrap_or(time).date_naive());
    }

    fn set_assignees(&mut self, assignees: &[UserId], since: Since) {
        if since.is_before(self.assigned_since) {
            return;
        }
        self.assigned_since = since;
        self.assignees = assignees.iter().copied().collect();
    }

    /// The counters this task adds one to. Nothing while its creation is not known or while it lies in the trash, by
    /// itself or with its project.
    pub(super) fn contribution(&self) -> Vec<Counter> {
        let gone = self.deleted || self.project_gone;
        let (Some(created_on), Some(status), false) = (self.created_on, self.status, gone) else {
            return Vec::new();
        };
        let mut counters = vec![Counter::Created(created_on), Counter::Status(status)];
        if let Some(day) = self.completed_on {
            counters.push(Counter::Done(day));
            counters.extend(
                self.assignees
                    .iter()
                    .map(|user| Counter::DoneBy(day, *user)),
            );
        }
        if is_open(status) {
            counters.extend(self.assignees.iter().map(|user| Counter::Assigned(*user)));
        }
        counters
    }
}

/// Whether somebody still has to do something about it.
pub(crate) fn is_open(status: TaskStatus) -> bool {
    !matches!(status, TaskStatus::Done | TaskStatus::Cancelled)
}
