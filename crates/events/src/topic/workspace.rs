//! `workspace.*`: workspaces of the envelope's tenant, told by project-svc.

use kernel::{UserId, WorkspaceId};
use serde::{Deserialize, Serialize};

/// A workspace was created.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct WorkspaceCreated {
    /// The workspace.
    pub workspace_id: WorkspaceId,
    /// Who created it.
    pub created_by: UserId,
}

/// Some of a workspace's fields changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct WorkspaceUpdated {
    /// The workspace.
    pub workspace_id: WorkspaceId,
    /// Names of the changed fields.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changed: Vec<String>,
}

/// A workspace was deleted; nothing was left in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct WorkspaceDeleted {
    /// The workspace.
    pub workspace_id: WorkspaceId,
}

/// A person became a member of a workspace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct WorkspaceMemberAdded {
    /// The workspace.
    pub workspace_id: WorkspaceId,
    /// The person.
    pub user_id: UserId,
    /// The role in this workspace: owner, admin, member or viewer.
    pub role: String,
}

/// A member of a workspace got another role there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct WorkspaceMemberChanged {
    /// The workspace.
    pub workspace_id: WorkspaceId,
    /// The person.
    pub user_id: UserId,
    /// The role from now on: owner, admin, member or viewer.
    pub role: String,
}

/// A person is no member of a workspace any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct WorkspaceMemberRemoved {
    /// The workspace.
    pub workspace_id: WorkspaceId,
    /// The person.
    pub user_id: UserId,
}

super::events! {
    WorkspaceCreated => "workspace.created" of workspace_id,
    WorkspaceUpdated => "workspace.updated" of workspace_id,
    WorkspaceDeleted => "workspace.deleted" of workspace_id,
    WorkspaceMemberAdded => "workspace.member_added" of workspace_id,
    WorkspaceMemberChanged => "workspace.member_changed" of workspace_id,
    WorkspaceMemberRemoved => "workspace.member_removed" of workspace_id,
}
