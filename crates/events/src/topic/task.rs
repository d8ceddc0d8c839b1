//! `task.*`: tasks of the envelope's tenant, told by project-svc.
//!
//! `version` is the task's row version after the change; by it a consumer puts two events of one task
//! in order whatever the order of their arrival. A move that changes the status is told twice:
//! `task.moved` and `task.status_changed`.

use chrono::{DateTime, Utc};
use kernel::{BoardId, ColumnId, CommentId, ProjectId, TaskId, UserId};
use serde::{Deserialize, Serialize};
use strum::{AsRefStr, Display, EnumString, VariantArray};

/// Where a task stands.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    AsRefStr,
    Display,
    EnumString,
    VariantArray,
    sea_orm::DeriveValueType,
    utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[sea_orm(value_type = "String")]
pub enum TaskStatus {
    /// Not begun.
    Todo,
    /// Being worked on.
    InProgress,
    /// Waiting for a second pair of eyes.
    Review,
    /// Finished.
    Done,
    /// Will not be done.
    Cancelled,
}

/// How much a task presses.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    AsRefStr,
    Display,
    EnumString,
    VariantArray,
    sea_orm::DeriveValueType,
    utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[sea_orm(value_type = "String")]
pub enum TaskPriority {
    /// When there is time.
    Low,
    /// The usual.
    Medium,
    /// Before the usual.
    High,
    /// Now.
    Urgent,
}

/// What a task has to do with another one.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    Serialize,
    Deserialize,
    AsRefStr,
    Display,
    EnumString,
    VariantArray,
    sea_orm::DeriveValueType,
    utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[sea_orm(value_type = "String")]
pub enum DependencyKind {
    /// It begins when the other one has ended.
    FinishToStart,
    /// It begins when the other one has begun.
    StartToStart,
    /// It ends when the other one has ended.
    FinishToFinish,
    /// It ends when the other one has begun.
    StartToFinish,
    /// They have to do with each other.
    Relates,
    /// It says the same as the other one.
    Duplicates,
}

impl DependencyKind {
    /// Whether one of the two comes before the other.
    pub const fn sets_an_order(self) -> bool {
        !matches!(self, Self::Relates | Self::Duplicates)
    }
}

/// A task was created.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct TaskCreated {
    /// The task.
    pub task_id: TaskId,
    /// Its project.
    pub project_id: ProjectId,
    /// Where it stands at once.
    pub status: TaskStatus,
    /// How much it presses.
    pub priority: TaskPriority,
    /// Who created it.
    pub created_by: UserId,
    /// Who is to do it.
    pub assignee_ids: Vec<UserId>,
    /// When it was created, if not at the envelope's time (an import).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<DateTime<Utc>>,
    /// When it was done, for a task created as done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completed_at: Option<DateTime<Utc>>,
    /// How long it is thought to take.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub estimate_seconds: Option<i32>,
    /// The task's row version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<i32>,
}

/// Fields other than status, place and assignees changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct TaskUpdated {
    /// The task.
    pub task_id: TaskId,
    /// Its project.
    pub project_id: ProjectId,
    /// Names of the changed fields.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changed: Vec<String>,
    /// How much it presses now; not told where only something around the task changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<TaskPriority>,
    /// How long it is thought to take now. Told where the priority is: left out beside it, there is no estimate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub estimate_seconds: Option<i32>,
    /// The task's row version after the change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<i32>,
}

/// A task went from one status to another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct TaskStatusChanged {
    /// The task.
    pub task_id: TaskId,
    /// Its project.
    pub project_id: ProjectId,
    /// The status before.
    pub from: TaskStatus,
    /// The status now.
    pub to: TaskStatus,
    /// Who is to do it.
    pub assignee_ids: Vec<UserId>,
    /// When it was done, as its row says; set only if it is done now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completed_at: Option<DateTime<Utc>>,
    /// The task's row version after the change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<i32>,
}

/// A card has another place, in its column or in another one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct TaskMoved {
    /// The task.
    pub task_id: TaskId,
    /// Its project.
    pub project_id: ProjectId,
    /// The board.
    pub board_id: BoardId,
    /// The column it left; the same as the other for a move within one.
    pub from_column_id: ColumnId,
    /// The column it is in now.
    pub to_column_id: ColumnId,
    /// The task's row version after the change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<i32>,
}

/// The people who are to do a task changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct TaskAssigned {
    /// The task.
    pub task_id: TaskId,
    /// Its project.
    pub project_id: ProjectId,
    /// Who is to do it now.
    pub assignee_ids: Vec<UserId>,
    /// Who was to do it before.
    pub previous_ids: Vec<UserId>,
    /// The task's row version after the change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<i32>,
}

/// Somebody commented on a task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct TaskCommentAdded {
    /// The task.
    pub task_id: TaskId,
    /// Its project.
    pub project_id: ProjectId,
    /// The comment.
    pub comment_id: CommentId,
    /// Who wrote it.
    pub author_id: UserId,
    /// The first comment of the thread it answers in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_id: Option<CommentId>,
    /// Whom it names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mentioned_ids: Vec<UserId>,
}

/// A task was deleted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct TaskDeleted {
    /// The task.
    pub task_id: TaskId,
    /// Its project.
    pub project_id: ProjectId,
    /// Where it stood.
    pub status: TaskStatus,
    /// The task's row version after the change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<i32>,
}

/// A task was put away: out of boards and lists, and there all the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct TaskArchived {
    /// The task.
    pub task_id: TaskId,
    /// Its project.
    pub project_id: ProjectId,
    /// The task's row version after the change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<i32>,
}

/// A task that was put away is back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct TaskUnarchived {
    /// The task.
    pub task_id: TaskId,
    /// Its project.
    pub project_id: ProjectId,
    /// The task's row version after the change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<i32>,
}

/// A deleted task is back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct TaskRestored {
    /// The task.
    pub task_id: TaskId,
    /// Its project.
    pub project_id: ProjectId,
    /// Where it stands now.
    pub status: TaskStatus,
    /// Who is to do it.
    pub assignee_ids: Vec<UserId>,
    /// When it was done, as its row says; set only if it is done now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completed_at: Option<DateTime<Utc>>,
    /// The task's row version after the change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<i32>,
}

/// A task went to another project, and has another key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct TaskTransferred {
    /// The task.
    pub task_id: TaskId,
    /// Its project now.
    pub project_id: ProjectId,
    /// The project it left.
    pub from_project_id: ProjectId,
    /// The column it is in now.
    pub to_column_id: ColumnId,
    /// Where it stands now.
    pub status: TaskStatus,
    /// The task's row version after the change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<i32>,
}

/// A task waits for another one, or has to do with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct TaskDependencyAdded {
    /// The task.
    pub task_id: TaskId,
    /// Its project.
    pub project_id: ProjectId,
    /// The other task.
    pub other_id: TaskId,
    /// What they have to do with each other.
    pub kind: DependencyKind,
}

/// A task does not wait for another one any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct TaskDependencyRemoved {
    /// The task that waited.
    pub task_id: TaskId,
    /// The project of the task where it was removed: of one of the two.
    pub project_id: ProjectId,
    /// The other task.
    pub other_id: TaskId,
    /// What they had to do with each other.
    pub kind: DependencyKind,
}

super::events! {
    TaskCreated => "task.created" of task_id,
    TaskUpdated => "task.updated" of task_id,
    TaskStatusChanged => "task.status_changed" of task_id,
    TaskMoved => "task.moved" of task_id,
    TaskAssigned => "task.assigned" of task_id,
    TaskCommentAdded => "task.comment_added" of task_id,
    TaskDeleted => "task.deleted" of task_id,
    TaskArchived => "task.archived" of task_id,
    TaskUnarchived => "task.unarchived" of task_id,
    TaskRestored => "task.restored" of task_id,
    TaskTransferred => "task.transferred" of task_id,
    TaskDependencyAdded => "task.dependency_added" of task_id,
    TaskDependencyRemoved => "task.dependency_removed" of task_id,
}
