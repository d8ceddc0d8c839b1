//! What requests and answers about dependencies look like.

use chrono::{DateTime, Utc};
use events::topic::task::{DependencyKind, TaskStatus};
use garde::Validate;
use kernel::{DependencyId, ProjectId, TaskId, UserId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What the task of the path has to do with another one.
#[derive(Serialize, Deserialize, Validate, ToSchema)]
pub(crate) struct AddDependency {
    /// The other task: the one waited for, related, or said before.
    #[garde(skip)]
    pub(crate) other_id: TaskId,
    /// `finish_to_start` when left out.
    #[garde(skip)]
    pub(crate) kind: Option<DependencyKind>,
}

/// Which end of a dependency the task of the path is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Side {
    /// It waits for the other one, or says the same as that one.
    Waits,
    /// The other one waits for it, or says the same as it.
    IsWaitedFor,
}

/// A dependency as one of its tasks sees it.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct DependencyView {
    pub(crate) id: DependencyId,
    pub(crate) kind: DependencyKind,
    pub(crate) side: Side,
    /// The task at the other end.
    pub(crate) other: OtherTask,
    pub(crate) created_by: UserId,
    pub(crate) created_at: DateTime<Utc>,
}

/// The task at the other end of a dependency.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct OtherTask {
    pub(crate) id: TaskId,
    /// How people name it.
    #[schema(example = "APO-12")]
    pub(crate) key: String,
    pub(crate) project_id: ProjectId,
    pub(crate) title: String,
    pub(crate) status: TaskStatus,
}
