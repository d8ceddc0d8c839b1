//! Queries over `signups`.

use chrono::{DateTime, TimeDelta, Utc};
use kernel::TenantId;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QuerySelect};

use crate::entity::signup::{ActiveModel, Column, Entity, Model};

/// Writes the request down unless it is there; answers the row that is there then.
pub(super) async fn note(
    db: &impl ConnectionTrait,
    request_id: &str,
    fingerprint: [u8; 32],
    now: DateTime<Utc>,
) -> Result<Option<Model>, DbErr> {
    let row = Model {
        request_id: request_id.to_owned(),
        fingerprint: fingerprint.to_vec(),
        tenant_id: None,
        created_at: now,
    };
    Entity::insert(ActiveModel::from(row))
        .on_conflict_do_nothing()
        .exec_without_returning(db)
        .await?;
    Entity::find_by_id(request_id).one(db).await
}

/// Whether the request was made before.
pub(super) async fn is_noted(db: &impl ConnectionTrait, request_id: &str) -> Result<bool, DbErr> {
    Ok(Entity::find_by_id(request_id).one(db).await?.is_some())
}

/// The request, held until the end of the transaction.
pub(super) async fn locked(
    db: &impl ConnectionTrait,
    request_id: &str,
) -> Result<Option<Model>, DbErr> {
    Entity::find_by_id(request_id)
        .lock_exclusive()
        .one(db)
        .await
}

/// Ties the request to what it made.
pub(super) async fn done(
    db: &impl ConnectionTrait,
    request_id: &str,
    tenant: TenantId,
) -> Result<(), DbErr> {
    Entity::update_many()
        .col_expr(Column::TenantId, Expr::value(tenant))
        .filter(Column::RequestId.eq(request_id))
        .exec(db)
        .await
        .map(drop)
}

/// Forgets a request that made nothing.
pub(super) async fn forget(db: &impl ConnectionTrait, request_id: &str) -> Result<(), DbErr> {
    Entity::delete_many()
        .filter(Column::RequestId.eq(request_id))
        .filter(Column::TenantId.is_null())
        .exec(db)
        .await
        .map(drop)
}

/// Forgets the request behind an organization that is removed; answers how many there were.
pub(crate) async fn forget_of(db: &impl ConnectionTrait, tenant: TenantId) -> Result<u64, DbErr> {
    let of = Column::TenantId.eq(tenant);
    let removed = Entity::delete_many().filter(of).exec(db).await?;
    Ok(removed.rows_affected)
}

/// Drops requests whose key nobody will send again.
pub(crate) async fn forget_old(
    db: &impl ConnectionTrait,
    now: DateTime<Utc>,
    age: TimeDelta,
) -> Result<(), DbErr> {
    let old = Column::CreatedAt.lt(now - age);
    Entity::delete_many().filter(old).exec(db).await.map(drop)
}
