//! Devices that show codes by time; one a person.

use chrono::{DateTime, Utc};
use kernel::UserId;
use sea_orm::entity::prelude::*;

/// A row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "totp_devices")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: UserId,
    pub sealed_secret: Vec<u8>,
    /// None until the first code came back.
    pub confirmed_at: Option<DateTime<Utc>>,
    /// Time step of the last code taken.
    pub last_step: Option<i64>,
    pub created_at: DateTime<Utc>,
}

/// None are followed: queries join by hand where they need to.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
