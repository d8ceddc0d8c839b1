//! Queries of owners. Each starts at the organization.

use chrono::{DateTime, Utc};
use kernel::{LinkId, TenantId, UserId};
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{Condition, QueryFilter, QueryOrder, QuerySelect};

use super::model::ResourceRef;
use crate::entity::link::{ActiveModel, Column, Entity, Model};

/// The place of a link in the list, newest first.
pub(super) type Key = (DateTime<Utc>, LinkId);

/// Which links a list shows.
pub(super) struct Selection {
    pub(super) tenant: TenantId,
    pub(super) created_by: Option<UserId>,
    pub(super) resource: Option<ResourceRef>,
}

pub(super) async fn find(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    id: LinkId,
) -> Result<Option<Model>, DbErr> {
    Entity::of_tenant(tenant)
        .filter(Column::Id.eq(id))
        .one(db)
        .await
}

pub(super) async fn page(
    db: &impl ConnectionTrait,
    selection: &Selection,
    after: Option<Key>,
    limit: u64,
) -> Result<Vec<Model>, DbErr> {
    let mut links = Entity::of_tenant(selection.tenant);
    if let Some(user) = selection.created_by {
        links = links.filter(Column::CreatedBy.eq(user));
    }
    if let Some(resource) = selection.resource {
        links = links
            .filter(Column::ResourceKind.eq(resource.kind.as_str()))
            .filter(Column::ResourceId.eq(resource.id));
    }
    if let Some((created_at, id)) = after {
        let same_moment = Condition::all()
            .add(Column::CreatedAt.eq(created_at))
            .add(Column::Id.lt(id));
        let later = Condition::any()
            .add(Column::CreatedAt.lt(created_at))
            .add(same_moment);
        links = links.filter(later);
    }
    links
        .order_by_desc(Column::CreatedAt)
        .order_by_desc(Column::Id)
        .limit(limit)
        .all(db)
        .await
}

pub(super) async fn insert(db: &impl ConnectionTrait, link: Model) -> Result<Model, DbErr> {
    let row = ActiveModel::from(link).reset_all();
    row.insert(db).await
}

/// Takes a link back; false when it was already.
pub(super) async fn revoke(
    db: &impl ConnectionTrait,
    link: &Model,
    now: DateTime<Utc>,
) -> Result<bool, DbErr> {
    let revoked = Entity::update_many()
        .col_expr(Column::RevokedAt, Expr::value(now))
        .col_expr(Column::UpdatedAt, Expr::value(now))
        .col_expr(Column::Version, Expr::col(Column::Version).add(1))
        .filter(Column::TenantId.eq(link.tenant_id))
        .filter(Column::Id.eq(link.id))
        .filter(Column::RevokedAt.is_null())
        .exec(db)
        .await?;
    Ok(revoked.rows_affected > 0)
}
