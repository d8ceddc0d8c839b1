//! Queries over `memberships`; each starts at one organization.

use chrono::{DateTime, Utc};
use kernel::{Role, RoleId, TenantId, UserId};
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, JoinType, PaginatorTrait,
    QueryFilter, QueryOrder, QuerySelect, RelationDef, Select, raw_sql,
};

use super::Standing;
use crate::account::EmailAddress;
use crate::entity::membership::{ActiveModel, Column, Entity, Model};
use crate::entity::{avatar, role, user};

/// A member with the person behind it.
#[derive(Debug, FromQueryResult)]
pub(crate) struct Member {
    pub(crate) user_id: UserId,
    pub(crate) name: String,
    pub(crate) email: EmailAddress,
    pub(crate) role: Role,
    /// One of the organization's own, with its name.
    pub(crate) role_id: Option<RoleId>,
    pub(crate) role_name: Option<String>,
    pub(crate) joined_at: DateTime<Utc>,
    /// Which picture there is.
    pub(crate) avatar_etag: Option<String>,
}

fn scoped(tenant: TenantId) -> Select<Entity> {
    Entity::find()
        .filter(Column::TenantId.eq(tenant))
        .filter(Column::Active.eq(true))
}

pub(super) fn with_person(tenant: TenantId) -> Select<Entity> {
    let person: RelationDef = Entity::belongs_to(user::Entity)
        .from(Column::UserId)
        .to(user::Column::Id)
        .into();
    let picture: RelationDef = Entity::belongs_to(avatar::Entity)
        .from(Column::UserId)
        .to(avatar::Column::UserId)
        .into();
    scoped(tenant)
        .join(JoinType::InnerJoin, person)
        .join(JoinType::LeftJoin, own_role())
        .join(JoinType::LeftJoin, picture)
        .select_only()
        .columns([
            Column::UserId,
            Column::Role,
            Column::RoleId,
            Column::JoinedAt,
        ])
        .columns([user::Column::Name, user::Column::Email])
        .column_as(role::Column::Name, "role_name")
        .column_as(avatar::Column::Etag, "avatar_etag")
}

fn own_role() -> RelationDef {
    Entity::belongs_to(role::Entity)
        .from(Column::RoleId)
        .to(role::Column::Id)
        .into()
}

/// What the person is and may do in the organization; `None` for who is no member.
pub(crate) async fn standing(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    user: UserId,
) -> Result<Option<Standing>, DbErr> {
    let one = with_role(scoped(tenant)).filter(Column::UserId.eq(user));
    let found: Option<Row> = one.into_model().one(db).await?;
    Ok(found.map(|row| row.standing()))
}

/// A membership with what it allows.
#[derive(Debug, FromQueryResult)]
pub(super) struct Row {
    pub(super) tenant_id: TenantId,
    pub(super) user_id: UserId,
    pub(super) updated_at: DateTime<Utc>,
    role: Role,
    role_id: Option<RoleId>,
    permissions: Option<Vec<String>>,
}

impl Row {
    pub(super) fn standing(&self) -> Standing {
        let own = self.role_id.zip(self.permissions.as_deref());
        Standing::of(self.role, own)
    }
}

fn with_role(memberships: Select<Entity>) -> Select<Entity> {
    memberships
        .join(JoinType::LeftJoin, own_role())
        .select_only()
        .columns([Column::TenantId, Column::UserId, Column::UpdatedAt])
        .columns([Column::Role, Column::RoleId])
        .column(role::Column::Permissions)
}

pub(crate) async fn by_id(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    user: UserId,
) -> Result<Option<Member>, DbErr> {
    let one = with_person(tenant).filter(Column::UserId.eq(user));
    one.into_model().one(db).await
}

/// The member who signs in with this address.
pub(crate) async fn by_email(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    email: &EmailAddress,
) -> Result<Option<Member>, DbErr> {
    let one = with_person(tenant).filter(user::Column::Email.eq(email.clone()));
    one.into_model().one(db).await
}

/// Members of all organizations who came or changed since, the latest first.
pub(super) async fn changed_since(
    db: &impl ConnectionTrait,
    since: DateTime<Utc>,
    limit: u64,
) -> Result<Vec<Row>, DbErr> {
    with_role(Entity::find())
        .filter(Column::Active.eq(true))
        .filter(Column::UpdatedAt.gt(since))
        .order_by_desc(Column::UpdatedAt)
        .limit(limit)
        .into_model()
        .all(db)
        .await
}

pub(crate) async fn owners(db: &impl ConnectionTrait, tenant: TenantId) -> Result<u64, DbErr> {
    scoped(tenant)
        .filter(Column::Role.eq(Role::Owner))
        .count(db)
        .await
}

/// Members now.
pub(crate) async fn count(db: &impl ConnectionTrait, tenant: TenantId) -> Result<u64, DbErr> {
    scoped(tenant).count(db).await
}

/// Makes the members of `source` members of `tenant`, as what they are there, roles of its own included; answers how
/// many they are.
pub(crate) async fn copy(
    db: &impl ConnectionTrait,
    source: TenantId,
    tenant: TenantId,
    now: DateTime<Utc>,
) -> Result<u64, DbErr> {
    db.execute_raw(raw_sql!(
        Postgres,
        "insert into roles (id, tenant_id, name, description, permissions, created_at, updated_at)
         select gen_random_uuid(), {tenant}, name, description, permissions, {now}, {now} from roles
         where tenant_id = {source}"
    ))
    .await?;
    let copied = db.execute_raw(raw_sql!(
        Postgres,
        "insert into memberships (tenant_id, user_id, role, role_id, active, joined_at, updated_at)
         select {tenant}, m.user_id, m.role, own.id, m.active, m.joined_at, {now} from memberships m
         left join roles theirs on theirs.id = m.role_id
         left join roles own on own.tenant_id = {tenant} and lower(own.name) = lower(theirs.name)
         where m.tenant_id = {source} and m.active"
    ));
    Ok(copied.await?.rows_affected())
}

/// Everybody who is or was a member.
pub(crate) async fn everybody(
    db: &impl ConnectionTrait,
    tenant: TenantId,
) -> Result<Vec<UserId>, DbErr> {
    let all = Entity::find().filter(Column::TenantId.eq(tenant));
    let ids = all.select_only().column(Column::UserId).into_tuple();
    ids.all(db).await
}

/// Removes all memberships; answers how many there were.
pub(crate) async fn remove_of(db: &impl ConnectionTrait, tenant: TenantId) -> Result<u64, DbErr> {
    let of = Column::TenantId.eq(tenant);
    let removed = Entity::delete_many().filter(of).exec(db).await?;
    Ok(removed.rows_affected)
}

/// The first owner, who signed the organization up.
pub(crate) async fn founder(
    db: &impl ConnectionTrait,
    tenant: TenantId,
) -> Result<Option<Member>, DbErr> {
    let owners = with_person(tenant).filter(Column::Role.eq(Role::Owner));
    owners
        .order_by_asc(Column::JoinedAt)
        .into_model()
        .one(db)
        .await
}

/// Makes the person a member, again where it was one before.
pub(crate) async fn insert(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    user: UserId,
    role: Role,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    insert_as(db, tenant, user, &Standing::of(role, None), now).await
}

/// The same with a role of whichever kind.
pub(crate) async fn insert_as(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    user: UserId,
    standing: &Standing,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    let row = Model {
        tenant_id: tenant,
        user_id: user,
        role: standing.role,
        active: true,
        joined_at: now,
        updated_at: now,
        role_id: standing.role_id,
    };
    let renew = OnConflict::columns([Column::TenantId, Column::UserId])
        .update_columns([
            Column::Role,
            Column::Active,
            Column::JoinedAt,
            Column::UpdatedAt,
            Column::RoleId,
        ])
        .to_owned();
    Entity::insert(ActiveModel::from(row))
        .on_conflict(renew)
        .exec_without_returning(db)
        .await
        .map(drop)
}

pub(super) async fn set_standing(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    user: UserId,
    standing: &Standing,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    Entity::update_many()
        .col_expr(Column::Role, Expr::value(standing.role))
        .col_expr(Column::RoleId, Expr::value(standing.role_id))
        .col_expr(Column::UpdatedAt, Expr::value(now))
        .filter(Column::TenantId.eq(tenant))
        .filter(Column::UserId.eq(user))
        .exec(db)
        .await
        .map(drop)
}

/// Makes the person no member any more; what refers to the membership stays.
pub(super) async fn deactivate(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    user: UserId,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    Entity::update_many()
        .col_expr(Column::Active, Expr::value(false))
        .col_expr(Column::Role, Expr::value(Role::Viewer))
        .col_expr(Column::RoleId, Expr::value(None::<RoleId>))
        .col_expr(Column::UpdatedAt, Expr::value(now))
        .filter(Column::TenantId.eq(tenant))
        .filter(Column::UserId.eq(user))
        .exec(db)
        .await
        .map(drop)
}

/// Notes that what a role of the organization's own allows has changed; answers who has it.
pub(crate) async fn touch_role(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    role: RoleId,
    now: DateTime<Utc>,
) -> Result<Vec<UserId>, DbErr> {
    let touched = Entity::update_many()
        .col_expr(Column::UpdatedAt, Expr::value(now))
        .filter(Column::TenantId.eq(tenant))
        .filter(Column::RoleId.eq(role))
        .filter(Column::Active.eq(true))
        .exec_with_returning(db)
        .await?;
    Ok(touched.into_iter().map(|row| row.user_id).collect())
}
