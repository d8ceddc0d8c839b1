//! `user.*` and `member.*`: people and their roles in organizations, told by identity.

use kernel::{Role, UserId};
use serde::{Deserialize, Serialize};

/// A person has an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserCreated {
    /// The person.
    pub user_id: UserId,
}

/// A person became a member of the envelope's tenant. The name travels along because each tenant's
/// database keeps its own list of people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberJoined {
    /// The person.
    pub user_id: UserId,
    /// The name to show.
    pub name: String,
    /// The role to begin with.
    pub role: Role,
}

/// A member of the envelope's tenant has another role from now on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserPermissionChanged {
    /// The person.
    pub user_id: UserId,
    /// The new role.
    pub role: Role,
}

super::events! {
    UserCreated => "user.created" of user_id,
    MemberJoined => "member.joined" of user_id,
    UserPermissionChanged => "user.permission_changed" of user_id,
}
