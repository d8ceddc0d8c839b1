//! Queries over `signing_keys`.

use chrono::{DateTime, Utc};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder};

use crate::entity::signing_key::{ActiveModel, Column, Entity, Model};

/// Held to the end of the transaction by the instance that looks for keys; any number will do.
const LOCK: &str = "select pg_advisory_xact_lock(7236274128765030)";

pub(super) async fn lock(db: &impl ConnectionTrait) -> Result<(), DbErr> {
    db.execute_unprepared(LOCK).await.map(drop)
}

/// Keys in service and those retired since, from the oldest to the newest.
pub(super) async fn verifying(
    db: &impl ConnectionTrait,
    retired_since: DateTime<Utc>,
) -> Result<Vec<Model>, DbErr> {
    let in_service = Column::RetiredAt.is_null();
    Entity::find()
        .filter(in_service.or(Column::RetiredAt.gt(retired_since)))
        .order_by_asc(Column::CreatedAt)
        .order_by_asc(Column::Kid)
        .all(db)
        .await
}

pub(super) async fn insert(db: &impl ConnectionTrait, row: Model) -> Result<(), DbErr> {
    Entity::insert(ActiveModel::from(row))
        .exec_without_returning(db)
        .await
        .map(drop)
}

/// Retires every key in service at `at`; answers their ids.
pub(super) async fn retire_all(
    db: &impl ConnectionTrait,
    at: DateTime<Utc>,
) -> Result<Vec<String>, DbErr> {
    let retired = Entity::update_many()
        .col_expr(Column::RetiredAt, Expr::value(at))
        .filter(Column::RetiredAt.is_null())
        .exec_with_returning(db)
        .await?;
    Ok(retired.into_iter().map(|row| row.kid).collect())
}

/// Retires one key at `at`, whatever was said of it before.
pub(super) async fn retire(
    db: &impl ConnectionTrait,
    kid: &str,
    at: DateTime<Utc>,
) -> Result<(), DbErr> {
    Entity::update_many()
        .col_expr(Column::RetiredAt, Expr::value(at))
        .filter(Column::Kid.eq(kid))
        .exec(db)
        .await
        .map(drop)
}
