//! Queries over `person_requests`, and what is asked before a request is written.

use chrono::{DateTime, Utc};
use kernel::{PersonRequestId, TenantId, UserId};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, QueryFilter, QueryOrder,
    QuerySelect, raw_sql,
};
use serde_json::Value;

use super::model::{ARCHIVE_KEPT, Kind, LEASE, Progress};
use crate::entity::organization;
use crate::entity::person_request::{ActiveModel, Column, Entity, Model};

/// An organization that has no owner but this one.
#[derive(Debug, FromQueryResult)]
pub(super) struct Owned {
    pub(super) tenant_id: TenantId,
    pub(super) name: String,
}

pub(super) async fn insert(db: &impl ConnectionTrait, row: Model) -> Result<(), DbErr> {
    Entity::insert(ActiveModel::from(row))
        .exec_without_returning(db)
        .await
        .map(drop)
}

/// The person's request that is not finished.
pub(super) async fn open(
    db: &impl ConnectionTrait,
    user: UserId,
    kind: Kind,
) -> Result<Option<Model>, DbErr> {
    Entity::find()
        .filter(Column::UserId.eq(user))
        .filter(Column::Kind.eq(kind.as_str()))
        .filter(Column::Status.is_in(["waiting", "running"]))
        .one(db)
        .await
}

/// One export of the person.
pub(super) async fn export(
    db: &impl ConnectionTrait,
    user: UserId,
    id: PersonRequestId,
) -> Result<Option<Model>, DbErr> {
    Entity::find_by_id(id)
        .filter(Column::UserId.eq(user))
        .filter(Column::Kind.eq(Kind::Export.as_str()))
        .one(db)
        .await
}

/// The erasure that a receipt is for.
pub(super) async fn by_receipt(
    db: &impl ConnectionTrait,
    hash: [u8; 32],
) -> Result<Option<Model>, DbErr> {
    let receipt = Column::ReceiptHash.eq(hash.to_vec());
    Entity::find().filter(receipt).one(db).await
}

/// Takes the request that has waited longest. Taking counts as an attempt and puts the next one off, so that a crash
/// on the way is a failed attempt.
pub(super) async fn take(
    db: &impl ConnectionTrait,
    now: DateTime<Utc>,
) -> Result<Option<Model>, DbErr> {
    let lease = now + LEASE;
    let take = raw_sql!(
        Postgres,
        "update person_requests set status = 'running', attempts = attempts + 1, next_attempt_at = {lease}
         where id = (
             select id from person_requests where status in ('waiting', 'running') and next_attempt_at <= {now}
             order by next_attempt_at, id limit 1 for update skip locked)
         returning *"
    );
    Entity::find().from_raw_sql(take).one(db).await
}

/// Keeps what has been done so far, and the request for ourselves.
pub(super) async fn keep(
    db: &impl ConnectionTrait,
    id: PersonRequestId,
    progress: Value,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    Entity::update_many()
        .col_expr(Column::Progress, Expr::value(progress))
        .col_expr(Column::NextAttemptAt, Expr::value(now + LEASE))
        .filter(Column::Id.eq(id))
        .exec(db)
        .await
        .map(drop)
}

/// Lets the request wait, or ends it in vain.
pub(super) async fn put_off(
    db: &impl ConnectionTrait,
    id: PersonRequestId,
    until: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    let status = if until.is_some() { "waiting" } else { "failed" };
    Entity::update_many()
        .col_expr(Column::Status, Expr::value(status))
        .col_expr(Column::NextAttemptAt, Expr::value(until.unwrap_or(now)))
        .col_expr(
            Column::FinishedAt,
            Expr::value(until.is_none().then_some(now)),
        )
        .filter(Column::Id.eq(id))
        .exec(db)
        .await
        .map(drop)
}

/// Ends the request with what came of it.
pub(super) async fn finish(
    db: &impl ConnectionTrait,
    id: PersonRequestId,
    report: Value,
    archive: Option<Vec<u8>>,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    Entity::update_many()
        .col_expr(Column::Status, Expr::value("done"))
        .col_expr(Column::Report, Expr::value(Some(report)))
        .col_expr(Column::Archive, Expr::value(archive))
        .col_expr(Column::FinishedAt, Expr::value(Some(now)))
        .filter(Column::Id.eq(id))
        .exec(db)
        .await
        .map(drop)
}

/// Drops exports that can be had no more, and any that a newer one of the person takes the place of.
pub(crate) async fn forget_old(db: &impl ConnectionTrait, now: DateTime<Utc>) -> Result<(), DbErr> {
    let before = now - ARCHIVE_KEPT;
    let forget = raw_sql!(
        Postgres,
        "delete from person_requests request where kind = 'export' and finished_at is not null
         and (finished_at <= {before} or exists (
             select from person_requests newer where newer.user_id = request.user_id
             and newer.kind = 'export' and newer.status = 'done' and newer.created_at > request.created_at))"
    );
    db.execute_raw(forget).await.map(drop)
}

/// Every organization the person is or was in, held until the end of the transaction.
pub(super) async fn organizations_held(
    db: &impl ConnectionTrait,
    user: UserId,
) -> Result<Vec<organization::Model>, DbErr> {
    let held = raw_sql!(
        Postgres,
        "select * from organizations
         where tenant_id in (select tenant_id from memberships where user_id = {user})
         order by tenant_id for update"
    );
    organization::Entity::find()
        .from_raw_sql(held)
        .all(db)
        .await
}

/// Organizations that would be without an owner.
pub(super) async fn owned_alone(
    db: &impl ConnectionTrait,
    user: UserId,
) -> Result<Vec<Owned>, DbErr> {
    let owned = raw_sql!(
        Postgres,
        "select o.tenant_id, o.name from memberships own join organizations o using (tenant_id)
         where own.user_id = {user} and own.active and own.role = 'owner' and not exists (
             select from memberships other join users u on u.id = other.user_id
             where other.tenant_id = own.tenant_id and other.user_id <> {user}
             and other.active and other.role = 'owner' and u.active)
         order by o.name"
    );
    Owned::find_by_statement(owned).all(db).await
}

/// Organizations where the person is a member now.
pub(super) async fn memberships(
    db: &impl ConnectionTrait,
    user: UserId,
) -> Result<Vec<TenantId>, DbErr> {
    use crate::entity::membership;
    membership::Entity::find()
        .select_only()
        .column(membership::Column::TenantId)
        .filter(membership::Column::UserId.eq(user))
        .filter(membership::Column::Active.eq(true))
        .order_by_asc(membership::Column::TenantId)
        .into_tuple()
        .all(db)
        .await
}

/// A request to be written.
pub(super) fn draft(
    id: PersonRequestId,
    user: UserId,
    kind: Kind,
    progress: &Progress,
    now: DateTime<Utc>,
) -> Result<Model, serde_json::Error> {
    Ok(Model {
        id,
        user_id: user,
        kind: kind.as_str().to_owned(),
        status: "waiting".to_owned(),
        progress: serde_json::to_value(progress)?,
        report: None,
        archive: None,
        receipt_hash: None,
        attempts: 0,
        next_attempt_at: now,
        created_at: now,
        finished_at: None,
    })
}
