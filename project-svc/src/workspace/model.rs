//! Words and rules of workspaces.

use kernel::Permissions;
use sea_orm::DeriveValueType;
use serde::{Deserialize, Serialize};
use strum::{Display, EnumString};
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
    /// What the role adds in the workspace's public projects.
    pub(crate) fn permissions(self) -> Permissions {
        match self {
            Self::Owner | Self::Admin => ProjectRole::Manager.permissions(),
            Self::Member => ProjectRole::Member.permissions(),
            Self::Viewer => ProjectRole::Viewer.permissions(),
        }
    }
}
