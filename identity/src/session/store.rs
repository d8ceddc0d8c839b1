//! Queries over `sessions` and `refresh_tokens`.

use chrono::{DateTime, TimeDelta, Utc};
use kernel::{SessionId, TenantId, UserId};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};

use crate::entity::{refresh_token, session};

/// Sessions that end are remembered this long, for the list of them.
const KEPT: TimeDelta = TimeDelta::days(7);

pub(super) async fn insert(db: &impl ConnectionTrait, row: session::Model) -> Result<(), DbErr> {
    session::Entity::insert(session::ActiveModel::from(row))
        .exec_without_returning(db)
        .await
        .map(drop)
}

pub(super) async fn insert_token(
    db: &impl ConnectionTrait,
    session: SessionId,
    hash: [u8; 32],
    now: DateTime<Utc>,
    expires_at: DateTime<Utc>,
) -> Result<(), DbErr> {
    let row = refresh_token::Model {
        token_hash: hash.to_vec(),
        session_id: session,
        issued_at: now,
        expires_at,
        used_at: None,
        successor_hash: None,
    };
    refresh_token::Entity::insert(refresh_token::ActiveModel::from(row))
        .exec_without_returning(db)
        .await
        .map(drop)
}

pub(super) async fn token(
    db: &impl ConnectionTrait,
    hash: &[u8],
) -> Result<Option<refresh_token::Model>, DbErr> {
    refresh_token::Entity::find_by_id(hash.to_vec())
        .one(db)
        .await
}

/// The session, held until the end of the transaction.
pub(super) async fn locked(
    db: &impl ConnectionTrait,
    id: SessionId,
) -> Result<Option<session::Model>, DbErr> {
    session::Entity::find_by_id(id)
        .lock_exclusive()
        .one(db)
        .await
}

/// Marks a token as exchanged for `successor`, or as withdrawn when there is none.
pub(super) async fn spend(
    db: &impl ConnectionTrait,
    hash: &[u8],
    successor: Option<[u8; 32]>,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    use refresh_token::Column;
    refresh_token::Entity::update_many()
        .col_expr(Column::UsedAt, Expr::value(now))
        .col_expr(
            Column::SuccessorHash,
            Expr::value(successor.map(|hash| hash.to_vec())),
        )
        .filter(Column::TokenHash.eq(hash.to_vec()))
        .exec(db)
        .await
        .map(drop)
}

pub(super) async fn touch(
    db: &impl ConnectionTrait,
    id: SessionId,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    session::Entity::update_many()
        .col_expr(session::Column::LastUsedAt, Expr::value(now))
        .filter(session::Column::Id.eq(id))
        .exec(db)
        .await
        .map(drop)
}

/// Ends a session that has not ended.
pub(super) async fn revoke(
    db: &impl ConnectionTrait,
    id: SessionId,
    reason: &str,
    now: DateTime<Utc>,
) -> Result<Option<session::Model>, DbErr> {
    use session::Column;
    let ended = session::Entity::update_many()
        .col_expr(Column::RevokedAt, Expr::value(now))
        .col_expr(Column::RevokeReason, Expr::value(reason))
        .filter(Column::Id.eq(id))
        .filter(Column::RevokedAt.is_null())
        .exec_with_returning(db)
        .await?;
    Ok(ended.into_iter().next())
}

/// Ends all sessions of a person that have not ended, but for one.
pub(super) async fn revoke_of_person(
    db: &impl ConnectionTrait,
    user: UserId,
    keep: Option<SessionId>,
    reason: &str,
    now: DateTime<Utc>,
) -> Result<Vec<session::Model>, DbErr> {
    use session::Column;
    let mut ending = session::Entity::update_many()
        .col_expr(Column::RevokedAt, Expr::value(now))
        .col_expr(Column::RevokeReason, Expr::value(reason))
        .filter(Column::UserId.eq(user))
        .filter(Column::RevokedAt.is_null());
    if let Some(keep) = keep {
        ending = ending.filter(Column::Id.ne(keep));
    }
    ending.exec_with_returning(db).await
}

/// Sessions of a person in an organization that go on, the last used first.
pub(super) async fn open_of(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    user: UserId,
    now: DateTime<Utc>,
    limit: u64,
) -> Result<Vec<session::Model>, DbErr> {
    use session::Column;
    session::Entity::find()
        .filter(Column::TenantId.eq(tenant))
        .filter(Column::UserId.eq(user))
        .filter(Column::RevokedAt.is_null())
        .filter(Column::ExpiresAt.gt(now))
        .order_by_desc(Column::LastUsedAt)
        .order_by_desc(Column::Id)
        .limit(limit)
        .all(db)
        .await
}

/// Sessions of an organization that have not ended and were used since.
pub(super) async fn live_of(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    since: DateTime<Utc>,
) -> Result<Vec<session::Model>, DbErr> {
    use session::Column;
    session::Entity::find()
        .filter(Column::TenantId.eq(tenant))
        .filter(Column::RevokedAt.is_null())
        .filter(Column::LastUsedAt.gt(since))
        .all(db)
        .await
}

/// Sessions of a member that have not ended.
pub(super) async fn live_of_member(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    user: UserId,
) -> Result<Vec<SessionId>, DbErr> {
    use session::Column;
    session::Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::TenantId.eq(tenant))
        .filter(Column::UserId.eq(user))
        .filter(Column::RevokedAt.is_null())
        .into_tuple()
        .all(db)
        .await
}

/// Removes all sessions of an organization; answers how many there were.
pub(super) async fn remove_of(db: &impl ConnectionTrait, tenant: TenantId) -> Result<u64, DbErr> {
    let of = session::Column::TenantId.eq(tenant);
    let removed = session::Entity::delete_many().filter(of).exec(db).await?;
    Ok(removed.rows_affected)
}

/// A session that goes on.
pub(crate) async fn live(
    db: &impl ConnectionTrait,
    id: SessionId,
    now: DateTime<Utc>,
) -> Result<Option<session::Model>, DbErr> {
    let found = session::Entity::find_by_id(id).one(db).await?;
    Ok(found.filter(|row| row.revoked_at.is_none() && row.expires_at > now))
}

/// Whether the session goes on.
pub(crate) async fn is_live(
    db: &impl ConnectionTrait,
    id: SessionId,
    now: DateTime<Utc>,
) -> Result<bool, DbErr> {
    Ok(live(db, id, now).await?.is_some())
}

/// Notes that a second factor was proved inside the session.
pub(crate) async fn note_second_factor(
    db: &impl ConnectionTrait,
    id: SessionId,
) -> Result<(), DbErr> {
    session::Entity::update_many()
        .col_expr(session::Column::SecondFactor, Expr::value(true))
        .filter(session::Column::Id.eq(id))
        .exec(db)
        .await
        .map(drop)
}

/// Sessions that ended since, the latest first.
pub(super) async fn revoked_since(
    db: &impl ConnectionTrait,
    since: DateTime<Utc>,
    limit: u64,
) -> Result<Vec<session::Model>, DbErr> {
    session::Entity::find()
        .filter(session::Column::RevokedAt.gt(since))
        .order_by_desc(session::Column::RevokedAt)
        .limit(limit)
        .all(db)
        .await
}

/// Drops sessions, with their tokens, whose time was up a while ago.
pub(crate) async fn forget_expired(
    db: &impl ConnectionTrait,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    let old = session::Column::ExpiresAt.lt(now - KEPT);
    session::Entity::delete_many()
        .filter(old)
        .exec(db)
        .await
        .map(drop)
}
