//! Mail that was asked for by naming an address.

use chrono::{DateTime, Utc};
use kernel::{TenantId, UserId};
use sea_orm::entity::prelude::*;

use crate::account::EmailAddress;

/// A row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "letters")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub kind: String,
    pub tenant_id: TenantId,
    /// Who asked, where somebody signed in did.
    pub user_id: Option<UserId>,
    pub email_hash: Vec<u8>,
    /// None once handled.
    pub email: Option<EmailAddress>,
    pub name: Option<String>,
    pub attempts: i32,
    pub next_attempt_at: DateTime<Utc>,
    pub created_at: DateTime<Utc>,
    pub handled_at: Option<DateTime<Utc>>,
}

/// None are followed: queries join by hand where they need to.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
