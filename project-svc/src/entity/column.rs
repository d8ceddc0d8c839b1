//! `columns` of boards.

use chrono::{DateTime, Utc};
use events::topic::task::TaskStatus;
use kernel::{BoardId, ColumnId};
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::order::OrderKey;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, DeriveEntityModel)]
#[sea_orm(table_name = "columns")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ColumnId,
    pub board_id: BoardId,
    pub name: String,
    pub category: TaskStatus,
    pub order_key: OrderKey,
    pub color: Option<String>,
    pub wip_limit: Option<i32>,
    pub limit_blocks: bool,
    pub version: i32,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {
    #[sea_orm(
        belongs_to = "super::board::Entity",
        from = "Column::BoardId",
        to = "super::board::Column::Id"
    )]
    Board,
}

impl Related<super::board::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Board.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
