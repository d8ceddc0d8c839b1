//! `user.*` and `member.*`: people and their roles in organizations, told by identity.

use kernel::{Permissions, Role, UserId, WorkspaceId};
use serde::{Deserialize, Serialize};

/// A person has an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct UserCreated {
    /// The person.
    pub user_id: UserId,
}

/// A person became a member of the envelope's tenant. The name travels along because each tenant's
/// database keeps its own list of people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct MemberJoined {
    /// The person.
    pub user_id: UserId,
    /// The name to show.
    pub name: String,
    /// The role to begin with.
    pub role: Role,
    /// The workspace that the person was invited into.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workspace: Option<WorkspacePlace>,
}

/// A place in a workspace that was promised to somebody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct WorkspacePlace {
    /// The workspace.
    pub workspace_id: WorkspaceId,
    /// The role in it, as its service words it.
    pub role: String,
}

/// A member of the envelope's tenant has another role from now on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct UserPermissionChanged {
    /// The person.
    pub user_id: UserId,
    /// The new role.
    pub role: Role,
    /// What the person may do from now on; none told means what the role comes to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<String>>)]
    pub permissions: Option<Permissions>,
}

/// A person calls itself something else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct UserUpdated {
    /// The person.
    pub user_id: UserId,
    /// The name to show.
    pub name: String,
}

/// A person is no member of the envelope's tenant any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct MemberLeft {
    /// The person.
    pub user_id: UserId,
}

super::events! {
    UserCreated => "user.created" of user_id,
    MemberJoined => "member.joined" of user_id,
    UserPermissionChanged => "user.permission_changed" of user_id,
    UserUpdated => "user.updated" of user_id,
    MemberLeft => "member.left" of user_id,
}
