//! `custom_fields` of projects.

use chrono::{DateTime, Utc};
use kernel::{FieldId, ProjectId};
use sea_orm::entity::prelude::*;

use crate::field::model::FieldKind;
use crate::order::OrderKey;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "custom_fields")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: FieldId,
    pub project_id: ProjectId,
    pub key: String,
    pub name: String,
    pub kind: FieldKind,
    pub options: Json,
    pub currency: Option<String>,
    pub required: bool,
    pub on_card: bool,
    pub order_key: OrderKey,
    pub version: i32,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
