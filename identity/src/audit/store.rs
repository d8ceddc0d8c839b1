//! Queries over `audit_events`. The service may add and read; what goes, goes by functions of the database.

use chrono::{DateTime, Utc};
use kernel::{AuditEventId, TenantId, UserId};
use sea_orm::sea_query::{Expr, ExprTrait, IntoCondition};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, Iterable, JoinType, QueryFilter,
    QueryOrder, QuerySelect, RelationDef, raw_sql,
};

use super::model::{AuditEvent, Selection};
use crate::account::EmailAddress;
use crate::entity::audit_event::{ActiveModel, Column, Entity, Model};
use crate::entity::{membership, user};

/// The place of an event in the list, newest first.
pub(super) type Key = (DateTime<Utc>, AuditEventId);

/// Events removed by one statement.
pub(super) const FORGET_BATCH: i64 = 10_000;

pub(super) async fn insert(db: &impl ConnectionTrait, row: Model) -> Result<(), DbErr> {
    Entity::insert(ActiveModel::from(row))
        .exec_without_returning(db)
        .await
        .map(drop)
}

/// Adds the event of somebody who gave this address. Who is no member of the organization is nobody, also with an
/// account elsewhere; the same one statement either way.
pub(super) async fn insert_by_address(
    db: &impl ConnectionTrait,
    row: Model,
    email: &EmailAddress,
) -> Result<(), DbErr> {
    let email = email.as_str();
    let insert = raw_sql!(
        Postgres,
        "insert into audit_events
             (id, tenant_id, actor_id, action, succeeded, address, user_agent, detail, created_at)
         values ({row.id}, {row.tenant_id},
             (select m.user_id from memberships m join users u on u.id = m.user_id
              where m.tenant_id = {row.tenant_id} and u.email = {email}),
             {row.action}, {row.succeeded}, {row.address}, {row.user_agent}, {row.detail}, {row.created_at})"
    );
    db.execute_raw(insert).await.map(drop)
}

/// Adds what another service tells, once; nothing of an organization that is gone.
pub(super) async fn insert_told(db: &impl ConnectionTrait, row: Model) -> Result<(), DbErr> {
    let insert = raw_sql!(
        Postgres,
        "insert into audit_events (id, tenant_id, actor_id, action, target_id, succeeded, detail, created_at)
         select {row.id}, tenant_id, {row.actor_id}, {row.action}, {row.target_id}, {row.succeeded},
             {row.detail}, {row.created_at}
         from organizations where tenant_id = {row.tenant_id}
         on conflict (id) do nothing"
    );
    db.execute_raw(insert).await.map(drop)
}

/// Events of one organization, the latest first, with the names that actors have now.
pub(super) async fn page(
    db: &impl ConnectionTrait,
    selection: &Selection,
    after: Option<Key>,
    limit: u64,
) -> Result<Vec<AuditEvent>, DbErr> {
    let mut query = Entity::find()
        .filter(Column::TenantId.eq(selection.tenant))
        .filter(conditions(selection));
    if let Some((created_at, id)) = after {
        let same = Column::CreatedAt.eq(created_at).and(Column::Id.lt(id));
        let earlier = Column::CreatedAt.lt(created_at);
        query = query.filter(Condition::any().add(earlier).add(same));
    }
    query
        .join(JoinType::LeftJoin, as_member())
        .join(JoinType::LeftJoin, as_person())
        .select_only()
        .columns(Column::iter().filter(|column| !matches!(column, Column::TenantId)))
        .column_as(user::Column::Name, "actor_name")
        .order_by_desc(Column::CreatedAt)
        .order_by_desc(Column::Id)
        .limit(limit)
        .into_model()
        .all(db)
        .await
}

fn conditions(selection: &Selection) -> Condition {
    let filter = &selection.filter;
    let action = filter.action.as_ref().map(|action| {
        let exact = Column::Action.eq(action.clone());
        match action.contains('.') {
            true => exact,
            false => exact.or(Column::Action.starts_with(format!("{action}."))),
        }
    });
    Condition::all()
        .add_option(action)
        .add_option(filter.actor.map(|actor| Column::ActorId.eq(actor)))
        .add_option(filter.target.map(|target| Column::TargetId.eq(target)))
        .add_option(filter.succeeded.map(|let_| Column::Succeeded.eq(let_)))
        .add_option(filter.from.map(|from| Column::CreatedAt.gte(from)))
        .add_option(filter.to.map(|to| Column::CreatedAt.lt(to)))
}

/// The actor as a member, now or before, of the organization that the event is of.
fn as_member() -> RelationDef {
    Entity::belongs_to(membership::Entity)
        .from(Column::ActorId)
        .to(membership::Column::UserId)
        .on_condition(|event, member| {
            Expr::col((event, Column::TenantId))
                .equals((member, membership::Column::TenantId))
                .into_condition()
        })
        .into()
}

fn as_person() -> RelationDef {
    membership::Entity::belongs_to(user::Entity)
        .from(membership::Column::UserId)
        .to(user::Column::Id)
        .into()
}

/// Removes events older than their organizations keep them, a batch at a time; answers how many.
pub(super) async fn forget_old(db: &impl ConnectionTrait) -> Result<i64, DbErr> {
    let batch = i32::try_from(FORGET_BATCH).unwrap_or(i32::MAX);
    let forget = raw_sql!(Postgres, "select forget_audit_events({batch}) as removed");
    removed(db, forget).await
}

/// Removes the events of an organization that is gone; answers how many.
pub(super) async fn forget_of(db: &impl ConnectionTrait, tenant: TenantId) -> Result<i64, DbErr> {
    let forget = raw_sql!(
        Postgres,
        "select forget_audit_events_of({tenant}) as removed"
    );
    removed(db, forget).await
}

/// Takes the addresses out of the events of a person who is gone; answers of how many.
pub(crate) async fn anonymize(db: &impl ConnectionTrait, person: UserId) -> Result<u64, DbErr> {
    let anonymize = raw_sql!(
        Postgres,
        "select anonymize_audit_events({person}) as removed"
    );
    Ok(removed(db, anonymize).await?.unsigned_abs())
}

async fn removed(db: &impl ConnectionTrait, statement: sea_orm::Statement) -> Result<i64, DbErr> {
    match db.query_one_raw(statement).await? {
        Some(row) => row.try_get("", "removed"),
        None => Ok(0),
    }
}
