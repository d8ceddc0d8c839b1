//! `boards`.

use chrono::{DateTime, Utc};
use kernel::{BoardId, ProjectId};
use sea_orm::entity::prelude::*;

use crate::order::OrderKey;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "boards")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: BoardId,
    pub project_id: ProjectId,
    pub name: String,
    pub description: String,
    pub order_key: OrderKey,
    pub version: i32,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {
    #[sea_orm(
        belongs_to = "super::project::Entity",
        from = "Column::ProjectId",
        to = "super::project::Column::Id"
    )]
    Project,
    #[sea_orm(has_many = "super::column::Entity")]
    Column,
}

impl Related<super::project::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Project.def()
    }
}

impl Related<super::column::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Column.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
