//! Queries over `passkeys`.

use chrono::{DateTime, Utc};
use kernel::{PasskeyId, UserId};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    TryInsertResult,
};
use serde_json::Value;

use crate::entity::passkey::{ActiveModel, Column, Entity, Model};

/// More keys nobody tells apart.
pub(super) const MAX_PASSKEYS: u64 = 20;

/// The person's keys, the oldest first.
pub(super) async fn of(db: &impl ConnectionTrait, user: UserId) -> Result<Vec<Model>, DbErr> {
    Entity::find()
        .filter(Column::UserId.eq(user))
        .order_by_asc(Column::CreatedAt)
        .order_by_asc(Column::Id)
        .limit(MAX_PASSKEYS)
        .all(db)
        .await
}

/// The key, held until the end of the transaction, so that its counter is read by one at a time.
pub(super) async fn locked(
    db: &impl ConnectionTrait,
    credential_id: &[u8],
) -> Result<Option<Model>, DbErr> {
    Entity::find()
        .filter(Column::CredentialId.eq(credential_id.to_vec()))
        .lock_exclusive()
        .one(db)
        .await
}

/// Adds a key; false when somebody has it already.
pub(super) async fn insert(db: &impl ConnectionTrait, row: Model) -> Result<bool, DbErr> {
    let inserted = Entity::insert(ActiveModel::from(row))
        .on_conflict_do_nothing_on([Column::CredentialId])
        .exec_without_returning(db)
        .await?;
    Ok(matches!(inserted, TryInsertResult::Inserted(1)))
}

/// Keeps what the library wants to know next time.
pub(super) async fn note_use(
    db: &impl ConnectionTrait,
    id: PasskeyId,
    credential: Value,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    Entity::update_many()
        .col_expr(Column::Credential, Expr::value(credential))
        .col_expr(Column::LastUsedAt, Expr::value(now))
        .filter(Column::Id.eq(id))
        .exec(db)
        .await
        .map(drop)
}

/// The key as it was; `None` when the person has no such key.
pub(super) async fn remove(
    db: &impl ConnectionTrait,
    user: UserId,
    id: PasskeyId,
) -> Result<Option<Model>, DbErr> {
    let removed = Entity::delete_many()
        .filter(Column::Id.eq(id))
        .filter(Column::UserId.eq(user))
        .exec_with_returning(db)
        .await?;
    Ok(removed.into_iter().next())
}

/// Removes all keys of a person.
pub(in crate::second_factor) async fn remove_all(
    db: &impl ConnectionTrait,
    user: UserId,
) -> Result<(), DbErr> {
    let removed = Entity::delete_many().filter(Column::UserId.eq(user));
    removed.exec(db).await.map(drop)
}
