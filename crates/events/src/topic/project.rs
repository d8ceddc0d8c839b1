//! `project.*`: projects of the envelope's tenant, told by project-svc.

use kernel::{ProjectId, UserId};
use serde::{Deserialize, Serialize};

/// A project was created.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ProjectCreated {
    /// The project.
    pub project_id: ProjectId,
    /// Who created it.
    pub created_by: UserId,
}

/// Some of a project's fields changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ProjectUpdated {
    /// The project.
    pub project_id: ProjectId,
    /// Names of the changed fields.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changed: Vec<String>,
}

/// A project went from one status to another; told beside `project.updated`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ProjectStatusChanged {
    /// The project.
    pub project_id: ProjectId,
    /// The status before: planning, active, on_hold, completed, cancelled.
    pub from: String,
    /// The status now.
    pub to: String,
}

/// A project was deleted, and with it its boards and tasks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ProjectDeleted {
    /// The project.
    pub project_id: ProjectId,
}

/// A person became a member of a project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ProjectMemberAdded {
    /// The project.
    pub project_id: ProjectId,
    /// The person.
    pub user_id: UserId,
    /// The role in this project: owner, manager, member or viewer.
    pub role: String,
}

/// A member of a project got another role there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ProjectMemberChanged {
    /// The project.
    pub project_id: ProjectId,
    /// The person.
    pub user_id: UserId,
    /// The role from now on: owner, manager, member or viewer.
    pub role: String,
}

/// A person is no member of a project any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ProjectMemberRemoved {
    /// The project.
    pub project_id: ProjectId,
    /// The person.
    pub user_id: UserId,
}

/// A project came back from the trash, and with it its boards and tasks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ProjectRestored {
    /// The project.
    pub project_id: ProjectId,
}

super::events! {
    ProjectCreated => "project.created" of project_id,
    ProjectUpdated => "project.updated" of project_id,
    ProjectStatusChanged => "project.status_changed" of project_id,
    ProjectDeleted => "project.deleted" of project_id,
    ProjectRestored => "project.restored" of project_id,
    ProjectMemberAdded => "project.member_added" of project_id,
    ProjectMemberChanged => "project.member_changed" of project_id,
    ProjectMemberRemoved => "project.member_removed" of project_id,
}
