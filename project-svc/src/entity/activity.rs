//! `activities`: what was done, append-only.

use chrono::{DateTime, Utc};
use kernel::{ActivityId, ProjectId, TaskId, UserId};
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "activities")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ActivityId,
    pub project_id: ProjectId,
    pub task_id: Option<TaskId>,
    pub actor_id: UserId,
    pub kind: String,
    pub changes: Json,
    pub created_at: DateTime<Utc>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
