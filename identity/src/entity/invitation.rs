//! Invitations by mail; open while neither accepted, revoked nor expired.

use chrono::{DateTime, Utc};
use events::topic::user::WorkspacePlace;
use kernel::{InvitationId, Role, RoleId, TenantId, UserId, WorkspaceId};
use sea_orm::entity::prelude::*;

use crate::account::EmailAddress;

/// A row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "invitations")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: InvitationId,
    pub tenant_id: TenantId,
    pub email: EmailAddress,
    pub role: Role,
    pub token_hash: Vec<u8>,
    pub invited_by: Option<UserId>,
    pub created_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
    pub accepted_at: Option<DateTime<Utc>>,
    pub revoked_at: Option<DateTime<Utc>>,
    pub role_id: Option<RoleId>,
    /// A workspace to be in from the beginning, and the role there.
    pub workspace_id: Option<WorkspaceId>,
    pub workspace_role: Option<String>,
}

impl Model {
    /// The place in a workspace that it promises.
    pub(crate) fn workspace_place(&self) -> Option<WorkspacePlace> {
        let (workspace_id, role) = (self.workspace_id?, self.workspace_role.clone()?);
        Some(WorkspacePlace { workspace_id, role })
    }
}

/// None are followed: queries join by hand where they need to.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
