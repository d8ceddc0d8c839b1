//! Who works in which organization, and as what.

use chrono::{DateTime, Utc};
use kernel::{Role, RoleId, TenantId, UserId};
use sea_orm::entity::prelude::*;

/// A row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "memberships")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: UserId,
    pub role: Role,
    pub active: bool,
    pub joined_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    /// A role of the organization's own in place of what `role` allows.
    pub role_id: Option<RoleId>,
}

/// None are followed: queries join by hand where they need to.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
