//! `projects`.

use chrono::{DateTime, NaiveDate, Utc};
use kernel::{ProjectId, TeamId, UserId, WorkspaceId};
use sea_orm::entity::prelude::*;

use crate::project::model::{ProjectPriority, ProjectStatus};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "projects")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ProjectId,
    pub workspace_id: WorkspaceId,
    pub key: String,
    pub name: String,
    pub description: String,
    pub status: ProjectStatus,
    pub priority: ProjectPriority,
    pub color: Option<String>,
    pub start_date: Option<NaiveDate>,
    pub end_date: Option<NaiveDate>,
    pub is_public: bool,
    /// Decimal, as text: no float may round money.
    #[sea_orm(select_as = "text", save_as = "numeric")]
    pub budget: Option<String>,
    pub owner_id: Option<UserId>,
    pub team_id: Option<TeamId>,
    pub settings: Json,
    pub archived_at: Option<DateTime<Utc>>,
    pub next_task_number: i32,
    pub created_by: UserId,
    pub version: i32,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub deleted_at: Option<DateTime<Utc>>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {
    #[sea_orm(has_many = "super::board::Entity")]
    Board,
    #[sea_orm(has_many = "super::task::Entity")]
    Task,
}

impl Related<super::board::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Board.def()
    }
}

impl Related<super::task::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Task.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
