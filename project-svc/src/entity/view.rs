//! `views`: questions people keep.

use chrono::{DateTime, Utc};
use kernel::{ProjectId, UserId, ViewId};
use sea_orm::entity::prelude::*;

use crate::saved_view::Layout;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "views")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ViewId,
    pub project_id: Option<ProjectId>,
    pub owner_id: UserId,
    pub name: String,
    pub filter: String,
    pub sort: String,
    pub layout: Layout,
    pub settings: Json,
    pub shared: bool,
    pub version: i32,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
