//! What people ask of their data; jobs over every service.

use chrono::{DateTime, Utc};
use kernel::{PersonRequestId, UserId};
use sea_orm::entity::prelude::*;

/// A row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "person_requests")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: PersonRequestId,
    pub user_id: UserId,
    pub kind: String,
    pub status: String,
    pub progress: Json,
    pub report: Option<Json>,
    pub archive: Option<Vec<u8>>,
    pub receipt_hash: Option<Vec<u8>>,
    pub attempts: i32,
    pub next_attempt_at: DateTime<Utc>,
    pub created_at: DateTime<Utc>,
    pub finished_at: Option<DateTime<Utc>>,
}

/// None are followed: queries join by hand where they need to.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
