//! People; one account an e-mail address.

use chrono::{DateTime, Utc};
use kernel::UserId;
use sea_orm::entity::prelude::*;

use crate::account::EmailAddress;

/// A row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "users")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: UserId,
    pub email: EmailAddress,
    pub name: String,
    /// None for who signs in by other means only.
    pub password_hash: Option<String>,
    pub active: bool,
    pub version: i32,
    pub last_login_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub email_verified_at: Option<DateTime<Utc>>,
    pub bio: Option<String>,
    pub timezone: Option<String>,
    pub locale: Option<String>,
    pub preferences: Json,
}

/// None are followed: queries join by hand where they need to.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
