//! Queries over `audit_events`.

use sea_orm::{ConnectionTrait, DbErr, EntityTrait};

use crate::entity::audit_event::{ActiveModel, Entity, Model};

pub(super) async fn insert(db: &impl ConnectionTrait, row: Model) -> Result<(), DbErr> {
    Entity::insert(ActiveModel::from(row))
        .exec_without_returning(db)
        .await
        .map(drop)
}
