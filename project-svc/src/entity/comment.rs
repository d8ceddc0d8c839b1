//! `comments` on tasks and projects.

use chrono::{DateTime, Utc};
use kernel::{CommentId, ProjectId, TaskId, UserId};
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "comments")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: CommentId,
    pub task_id: Option<TaskId>,
    pub project_id: Option<ProjectId>,
    pub parent_id: Option<CommentId>,
    pub author_id: UserId,
    pub body: String,
    pub version: i32,
    pub edited_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub deleted_at: Option<DateTime<Utc>>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
