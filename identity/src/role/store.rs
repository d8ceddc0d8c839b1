//! Queries over `roles`; each starts at one organization.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use kernel::{RoleId, TenantId};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, PaginatorTrait, QueryFilter,
    QueryOrder, QuerySelect, Select, raw_sql,
};

use super::model::MAX_ROLES;
use crate::entity::role::{ActiveModel, Column, Entity, Model};

fn scoped(tenant: TenantId) -> Select<Entity> {
    Entity::find().filter(Column::TenantId.eq(tenant))
}

pub(super) async fn by_id(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    id: RoleId,
) -> Result<Option<Model>, DbErr> {
    scoped(tenant).filter(Column::Id.eq(id)).one(db).await
}

/// All roles of an organization by name; there are few.
pub(super) async fn all(db: &impl ConnectionTrait, tenant: TenantId) -> Result<Vec<Model>, DbErr> {
    scoped(tenant)
        .order_by_asc(Column::Name)
        .limit(MAX_ROLES)
        .all(db)
        .await
}

pub(super) async fn count(db: &impl ConnectionTrait, tenant: TenantId) -> Result<u64, DbErr> {
    scoped(tenant).count(db).await
}

/// Members by role: those of the five by name, those of the organization's own by id.
pub(super) async fn members(
    db: &impl ConnectionTrait,
    tenant: TenantId,
) -> Result<HashMap<String, i64>, DbErr> {
    #[derive(FromQueryResult)]
    struct Row {
        kind: String,
        members: i64,
    }
    let counted = Row::find_by_statement(raw_sql!(
        Postgres,
        "select coalesce(role_id::text, role) as kind, count(*) as members from memberships
         where tenant_id = {tenant} and active group by 1"
    ));
    let rows = counted.all(db).await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.kind, row.members))
        .collect())
}

pub(super) async fn insert(db: &impl ConnectionTrait, row: Model) -> Result<(), DbErr> {
    Entity::insert(ActiveModel::from(row))
        .exec_without_returning(db)
        .await
        .map(drop)
}

pub(super) async fn save(
    db: &impl ConnectionTrait,
    row: Model,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    Entity::update_many()
        .col_expr(Column::Name, Expr::value(row.name))
        .col_expr(Column::Description, Expr::value(row.description))
        .col_expr(Column::Permissions, Expr::value(row.permissions))
        .col_expr(Column::Version, Expr::value(row.version))
        .col_expr(Column::UpdatedAt, Expr::value(now))
        .filter(Column::TenantId.eq(row.tenant_id))
        .filter(Column::Id.eq(row.id))
        .exec(db)
        .await
        .map(drop)
}

/// Whether a member has the role, or somebody who is invited is to have it.
pub(super) async fn is_used(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    id: RoleId,
    now: DateTime<Utc>,
) -> Result<bool, DbErr> {
    let used = db.query_one_raw(raw_sql!(
        Postgres,
        "select where exists (
             select from memberships where tenant_id = {tenant} and role_id = {id} and active)
         or exists (
             select from invitations where tenant_id = {tenant} and role_id = {id}
             and accepted_at is null and revoked_at is null and expires_at > {now})"
    ));
    Ok(used.await?.is_some())
}

pub(super) async fn delete(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    id: RoleId,
) -> Result<(), DbErr> {
    Entity::delete_many()
        .filter(Column::TenantId.eq(tenant))
        .filter(Column::Id.eq(id))
        .exec(db)
        .await
        .map(drop)
}
