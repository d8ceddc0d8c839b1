//! Words and rules of workspaces.

use httpkit::Problem;
use kernel::{Permission, Permissions};
use sea_orm::DeriveValueType;
use serde::{Deserialize, Serialize};
use strum::{Display, EnumIter, EnumString};
use utoipa::ToSchema;

use crate::project::model::ProjectRole;

/// A person's role in a workspace.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    Display,
    EnumIter,
    EnumString,
    DeriveValueType,
    ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[sea_orm(value_type = "String")]
pub(crate) enum WorkspaceRole {
    /// Answers for it, may delete it.
    Owner,
    /// Changes it, and who is in it.
    Admin,
    /// Works in its public projects.
    Member,
    /// Reads its public projects.
    Viewer,
}

impl WorkspaceRole {
    /// What the role adds in the workspace and in its public projects.
    pub(crate) fn permissions(self) -> Permissions {
        match self {
            Self::Owner | Self::Admin => ProjectRole::Manager
                .permissions()
                .with(Permission::ProjectCreate)
                .with(Permission::WorkspaceManage),
            Self::Member => ProjectRole::Member.permissions(),
            Self::Viewer => ProjectRole::Viewer.permissions(),
        }
    }
}

/// 409 for what would leave a workspace without an owner.
pub(super) fn last_owner() -> Problem {
    Problem::conflict(
        "last_owner",
        "there is no other owner; make somebody one first",
    )
}
