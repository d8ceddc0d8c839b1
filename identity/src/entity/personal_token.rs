//! Access tokens that people make for programs; only their hashes.

use chrono::{DateTime, Utc};
use kernel::{PersonalTokenId, TenantId, UserId};
use sea_orm::entity::prelude::*;

/// A row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "personal_tokens")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: PersonalTokenId,
    pub tenant_id: TenantId,
    pub user_id: UserId,
    pub name: String,
    pub token_hash: Vec<u8>,
    /// Its end, by which its owner knows it.
    pub hint: String,
    /// Names of permissions; one this version does not know grants nothing.
    pub scopes: Vec<String>,
    pub created_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
    pub last_used_at: Option<DateTime<Utc>>,
    pub revoked_at: Option<DateTime<Utc>>,
}

/// None are followed: queries join by hand where they need to.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
