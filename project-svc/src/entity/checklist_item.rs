//! `checklist_items`.

use chrono::{DateTime, Utc};
use kernel::{ChecklistId, ChecklistItemId};
use sea_orm::entity::prelude::*;

use crate::order::OrderKey;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "checklist_items")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ChecklistItemId,
    pub checklist_id: ChecklistId,
    pub text: String,
    pub done: bool,
    pub order_key: OrderKey,
    pub version: i32,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
