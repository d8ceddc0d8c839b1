//! Sign-ins that went to a provider and have not come back.

use chrono::{DateTime, Utc};
use kernel::{TenantId, UserId};
use sea_orm::entity::prelude::*;

/// A row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "provider_attempts")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub state_hash: Vec<u8>,
    /// Of the cookie of the browser that set out.
    pub browser_hash: Vec<u8>,
    pub tenant_id: TenantId,
    pub provider: String,
    /// Who links an account from inside a session.
    pub user_id: Option<UserId>,
    /// Sealed for this state.
    pub sealed_secrets: Vec<u8>,
    pub created_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
}

/// None are followed: queries join by hand where they need to.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
