//! Queries of guests: one link by its code, and the counters on its row.

use chrono::{DateTime, Utc};
use kernel::TenantId;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{Condition, QueryFilter};

use crate::code::Code;
use crate::entity::link::{Column, Entity, Model};

/// The link behind a code, in this organization and not taken back.
pub(super) async fn by_code(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    code: &Code,
) -> Result<Option<Model>, DbErr> {
    Entity::of_tenant(tenant)
        .filter(Column::CodeHash.eq(code.hash().to_vec()))
        .filter(Column::RevokedAt.is_null())
        .one(db)
        .await
}

/// Counts one open, if one is left. One statement: of any number of guests at once no more pass
/// than may, and none on a password that was changed meanwhile.
pub(super) async fn open(
    db: &impl ConnectionTrait,
    link: &Model,
    now: DateTime<Utc>,
) -> Result<bool, DbErr> {
    let alive = Condition::any()
        .add(Column::ExpiresAt.is_null())
        .add(Column::ExpiresAt.gt(now));
    let left = Condition::any()
        .add(Column::MaxOpens.is_null())
        .add(Expr::col(Column::Opens).lt(Expr::col(Column::MaxOpens)));
    let opened = Entity::update_many()
        .col_expr(Column::Opens, Expr::col(Column::Opens).add(1))
        .filter(Column::Id.eq(link.id))
        .filter(Column::PasswordVersion.eq(link.password_version))
        .filter(Column::RevokedAt.is_null())
        .filter(alive)
        .filter(left)
        .exec(db)
        .await?;
    Ok(opened.rows_affected == 1)
}

/// Counts a wrong password, for the owner to see.
pub(super) async fn count_failure(db: &impl ConnectionTrait, link: &Model) -> Result<(), DbErr> {
    Entity::update_many()
        .col_expr(
            Column::FailedAttempts,
            Expr::col(Column::FailedAttempts).add(1),
        )
        .filter(Column::Id.eq(link.id))
        .exec(db)
        .await?;
    Ok(())
}
