//! Queries over `one_time_tokens`.

use chrono::{DateTime, TimeDelta, Utc};
use kernel::{TenantId, UserId};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QuerySelect,
};
use serde_json::Value;

use crate::entity::one_time_token::{ActiveModel, Column, Entity, Model};

/// Tokens are remembered this long after their end.
const KEPT: TimeDelta = TimeDelta::days(1);

pub(super) async fn insert(db: &impl ConnectionTrait, row: Model) -> Result<(), DbErr> {
    Entity::insert(ActiveModel::from(row))
        .exec_without_returning(db)
        .await
        .map(drop)
}

fn usable(hash: &[u8], purpose: &str, now: DateTime<Utc>) -> Condition {
    Condition::all()
        .add(Column::TokenHash.eq(hash.to_vec()))
        .add(Column::Purpose.eq(purpose))
        .add(Column::UsedAt.is_null())
        .add(Column::ExpiresAt.gt(now))
}

pub(super) async fn live(
    db: &impl ConnectionTrait,
    hash: &[u8],
    purpose: &str,
    now: DateTime<Utc>,
) -> Result<Option<Model>, DbErr> {
    let found = Entity::find().filter(usable(hash, purpose, now));
    found.one(db).await
}

pub(super) async fn locked(
    db: &impl ConnectionTrait,
    hash: &[u8],
    purpose: &str,
    now: DateTime<Utc>,
) -> Result<Option<Model>, DbErr> {
    let found = Entity::find().filter(usable(hash, purpose, now));
    found.lock_exclusive().one(db).await
}

pub(super) async fn amend(
    db: &impl ConnectionTrait,
    hash: &[u8],
    purpose: &str,
    payload: serde_json::Value,
) -> Result<(), DbErr> {
    Entity::update_many()
        .col_expr(Column::Payload, Expr::value(payload))
        .filter(Column::TokenHash.eq(hash.to_vec()))
        .filter(Column::Purpose.eq(purpose))
        .exec(db)
        .await
        .map(drop)
}

pub(super) async fn spend(
    db: &impl ConnectionTrait,
    hash: &[u8],
    purpose: &str,
    now: DateTime<Utc>,
) -> Result<Option<Model>, DbErr> {
    let spent = Entity::update_many()
        .col_expr(Column::UsedAt, Expr::value(now))
        .filter(usable(hash, purpose, now))
        .exec_with_returning(db)
        .await?;
    Ok(spent.into_iter().next())
}

/// Withdraws the person's tokens of a purpose that were not used: a newer one counts, or none any more.
pub(crate) async fn withdraw(
    db: &impl ConnectionTrait,
    user: UserId,
    purpose: &str,
) -> Result<(), DbErr> {
    Entity::delete_many()
        .filter(Column::UserId.eq(user))
        .filter(Column::Purpose.eq(purpose))
        .filter(Column::UsedAt.is_null())
        .exec(db)
        .await
        .map(drop)
}

/// Withdraws all of the person's tokens that were not used and are about this organization.
pub(crate) async fn withdraw_in(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    user: UserId,
) -> Result<(), DbErr> {
    Entity::delete_many()
        .filter(Column::UserId.eq(user))
        .filter(Column::TenantId.eq(tenant))
        .filter(Column::UsedAt.is_null())
        .exec(db)
        .await
        .map(drop)
}

/// What stood behind the person's tokens of a purpose that were used.
pub(crate) async fn used(
    db: &impl ConnectionTrait,
    user: UserId,
    purpose: &str,
) -> Result<Vec<Value>, DbErr> {
    let used = Entity::find()
        .filter(Column::UserId.eq(user))
        .filter(Column::Purpose.eq(purpose))
        .filter(Column::UsedAt.is_not_null());
    let payloads = used.select_only().column(Column::Payload).into_tuple();
    payloads.all(db).await
}

/// Drops tokens whose time was up a while ago.
pub(crate) async fn forget_expired(
    db: &impl ConnectionTrait,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    let old = Column::ExpiresAt.lt(now - KEPT);
    Entity::delete_many().filter(old).exec(db).await.map(drop)
}
