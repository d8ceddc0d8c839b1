//! `checklists` of tasks.

use chrono::{DateTime, Utc};
use kernel::{ChecklistId, TaskId};
use sea_orm::entity::prelude::*;

use crate::order::OrderKey;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "checklists")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ChecklistId,
    pub task_id: TaskId,
    pub name: String,
    pub order_key: OrderKey,
    pub version: i32,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
