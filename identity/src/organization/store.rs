//! Queries over `organizations`.

use chrono::{DateTime, Utc};
use kernel::TenantId;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect, TryInsertResult,
};

use crate::entity::organization::{ActiveModel, Column, Entity, Model};

pub(crate) async fn by_id(
    db: &impl ConnectionTrait,
    tenant: TenantId,
) -> Result<Option<Model>, DbErr> {
    Entity::find_by_id(tenant).one(db).await
}

/// The organization, held until the end of the transaction: changes of who may do what in it come one by one.
pub(crate) async fn locked(
    db: &impl ConnectionTrait,
    tenant: TenantId,
) -> Result<Option<Model>, DbErr> {
    Entity::find_by_id(tenant).lock_exclusive().one(db).await
}

pub(crate) async fn insert(db: &impl ConnectionTrait, row: Model) -> Result<(), DbErr> {
    Entity::insert(ActiveModel::from(row))
        .exec_without_returning(db)
        .await
        .map(drop)
}

/// Adds an organization; false when it is there already.
pub(crate) async fn insert_new(db: &impl ConnectionTrait, row: Model) -> Result<bool, DbErr> {
    let insert = Entity::insert(ActiveModel::from(row));
    let inserted = insert
        .on_conflict_do_nothing_on([Column::TenantId])
        .exec_without_returning(db)
        .await?;
    Ok(matches!(inserted, TryInsertResult::Inserted(1)))
}

/// Takes in a rename that was told at `told_at`; of two the later one counts, whichever comes first.
pub(crate) async fn rename(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    subdomain: &str,
    told_at: DateTime<Utc>,
) -> Result<(), DbErr> {
    let older = Condition::any()
        .add(Column::NamedAt.is_null())
        .add(Column::NamedAt.lt(told_at));
    Entity::update_many()
        .col_expr(Column::Subdomain, Expr::value(subdomain))
        .col_expr(Column::NamedAt, Expr::value(told_at))
        .filter(Column::TenantId.eq(tenant))
        .filter(older)
        .exec(db)
        .await
        .map(drop)
}

/// Writes name and rules down.
pub(super) async fn save(db: &impl ConnectionTrait, row: Model) -> Result<(), DbErr> {
    Entity::update_many()
        .col_expr(Column::Name, Expr::value(row.name))
        .col_expr(
            Column::AllowedEmailDomains,
            Expr::value(row.allowed_email_domains),
        )
        .col_expr(
            Column::RequireSecondFactor,
            Expr::value(row.require_second_factor),
        )
        .col_expr(Column::PasswordSignIn, Expr::value(row.password_sign_in))
        .col_expr(
            Column::SwitchWithoutPassword,
            Expr::value(row.switch_without_password),
        )
        .col_expr(
            Column::AuditRetentionDays,
            Expr::value(row.audit_retention_days),
        )
        .col_expr(Column::Version, Expr::value(row.version))
        .filter(Column::TenantId.eq(row.tenant_id))
        .exec(db)
        .await
        .map(drop)
}

/// Removes an organization; what refers to it goes with it.
pub(crate) async fn remove(db: &impl ConnectionTrait, tenant: TenantId) -> Result<u64, DbErr> {
    let removed = Entity::delete_by_id(tenant).exec(db).await?;
    Ok(removed.rows_affected)
}

/// Notes that the catalog has activated the tenant; false when that was noted before.
pub(crate) async fn confirm(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    now: DateTime<Utc>,
) -> Result<bool, DbErr> {
    let confirmed = Entity::update_many()
        .col_expr(Column::ConfirmedAt, Expr::value(now))
        .filter(Column::TenantId.eq(tenant))
        .filter(Column::ConfirmedAt.is_null())
        .exec(db)
        .await?;
    Ok(confirmed.rows_affected == 1)
}

/// Organizations that wait for their confirmation since before a moment.
pub(crate) async fn unconfirmed(
    db: &impl ConnectionTrait,
    before: DateTime<Utc>,
    limit: u64,
) -> Result<Vec<Model>, DbErr> {
    Entity::find()
        .filter(Column::ConfirmedAt.is_null())
        .filter(Column::CreatedAt.lt(before))
        .order_by_asc(Column::CreatedAt)
        .limit(limit)
        .all(db)
        .await
}

/// Removes an organization that never was confirmed, with its memberships.
pub(crate) async fn remove_unconfirmed(
    db: &impl ConnectionTrait,
    tenant: TenantId,
) -> Result<bool, DbErr> {
    let removed = Entity::delete_many()
        .filter(Column::TenantId.eq(tenant))
        .filter(Column::ConfirmedAt.is_null())
        .exec(db)
        .await?;
    Ok(removed.rows_affected == 1)
}
