//! Queries of owners. Each starts at the organization.

use chrono::{DateTime, Utc};
use kernel::{LinkId, TenantId, UserId};
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{Condition, QueryFilter, QueryOrder, QuerySelect, raw_sql};

use super::model::{ResourceKind, ResourceRef, Standing};
use crate::code::Slug;
use crate::entity::link::{ActiveModel, Column, Entity, Model};

/// The place of a link in the list, newest first.
pub(super) type Key = (DateTime<Utc>, LinkId);

/// Which links a list shows.
#[derive(Default)]
pub(super) struct Selection {
    pub(super) created_by: Vec<UserId>,
    pub(super) resource: Option<ResourceRef>,
    pub(super) kind: Option<ResourceKind>,
    pub(super) status: Option<(Standing, DateTime<Utc>)>,
    pub(super) words: Option<String>,
    pub(super) ids: Option<Vec<LinkId>>,
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
    tenant: TenantId,
    selection: Selection,
    after: Option<Key>,
    limit: u64,
) -> Result<Vec<Model>, DbErr> {
    let mut links = Entity::of_tenant(tenant).filter(selection.condition());
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

impl Selection {
    fn condition(self) -> Condition {
        let mut all = Condition::all();
        for user in self.created_by {
            all = all.add(Column::CreatedBy.eq(user));
        }
        if let Some(resource) = self.resource {
            all = all
                .add(Column::ResourceKind.eq(resource.kind.as_str()))
                .add(Column::ResourceId.eq(resource.id));
        }
        if let Some(kind) = self.kind {
            all = all.add(Column::ResourceKind.eq(kind.as_str()));
        }
        if let Some((status, now)) = self.status {
            all = all.add(stands(status, now));
        }
        if let Some(words) = self.words {
            let words = format!("%{}%", words.replace(['\\', '%', '_'], " ").trim());
            let labelled = Expr::col(Column::Label).cast_as("text");
            all = all.add(
                Condition::any()
                    .add(Expr::cust_with_exprs(
                        "$1 ilike $2",
                        [labelled, Expr::val(words.clone())],
                    ))
                    .add(Column::Slug.like(words)),
            );
        }
        if let Some(ids) = self.ids {
            all = all.add(Column::Id.is_in(ids));
        }
        all
    }
}

/// The same as [`super::model::standing`], asked of the table.
fn stands(status: Standing, now: DateTime<Utc>) -> Condition {
    let kept = || Condition::all().add(Column::RevokedAt.is_null());
    let expired = || Condition::all().add(Column::ExpiresAt.lte(now));
    let in_time = || {
        kept().add(
            Condition::any()
                .add(Column::ExpiresAt.is_null())
                .add(Column::ExpiresAt.gt(now)),
        )
    };
    let used_up = || {
        Condition::all()
            .add(Column::MaxOpens.is_not_null())
            .add(Expr::col(Column::Opens).gte(Expr::col(Column::MaxOpens)))
    };
    let usable = || {
        in_time().add(
            Condition::any()
                .add(Column::MaxOpens.is_null())
                .add(Expr::col(Column::Opens).lt(Expr::col(Column::MaxOpens))),
        )
    };
    let going = || usable().add(Column::PausedAt.is_null());
    match status {
        Standing::Revoked => Condition::all().add(Column::RevokedAt.is_not_null()),
        Standing::Expired => kept().add(expired()),
        Standing::UsedUp => in_time().add(used_up()),
        Standing::Paused => usable().add(Column::PausedAt.is_not_null()),
        Standing::Scheduled => going().add(Column::StartsAt.gt(now)),
        Standing::Live => going().add(
            Condition::any()
                .add(Column::StartsAt.is_null())
                .add(Column::StartsAt.lte(now)),
        ),
    }
}

pub(super) async fn insert(db: &impl ConnectionTrait, link: Model) -> Result<Model, DbErr> {
    let row = ActiveModel::from(link).reset_all();
    row.insert(db).await
}

/// Takes a slug for a link for good; false when another link of the organization has it or had it.
pub(super) async fn take_slug(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    slug: &Slug,
    link: LinkId,
) -> Result<bool, DbErr> {
    let hash = slug.hash().to_vec();
    let taken = db.execute_raw(raw_sql!(
        Postgres,
        "insert into slugs (tenant_id, slug_hash, link_id) values ({tenant}, {hash}, {link})
         on conflict (tenant_id, slug_hash) do update set link_id = excluded.link_id
             where slugs.link_id = excluded.link_id"
    ));
    Ok(taken.await?.rows_affected() == 1)
}

/// Writes the link as it is now, counters left alone; none when it is not in the version it was read in.
pub(super) async fn update(
    db: &impl ConnectionTrait,
    link: Model,
    now: DateTime<Utc>,
) -> Result<Option<Model>, DbErr> {
    use sea_orm::ActiveValue::NotSet;

    let (id, tenant, version) = (link.id, link.tenant_id, link.version);
    let mut row = ActiveModel::from(link).reset_all();
    row.id = NotSet;
    row.version = NotSet;
    row.updated_at = NotSet;
    row.opens = NotSet;
    row.failed_attempts = NotSet;
    row.guesses = NotSet;
    row.guessed_since = NotSet;
    row.first_opened_at = NotSet;
    row.last_opened_at = NotSet;
    row.revoked_at = NotSet;
    let updated = Entity::update_many()
        .set(row)
        .col_expr(Column::Version, Expr::col(Column::Version).add(1))
        .col_expr(Column::UpdatedAt, Expr::value(now))
        .filter(Column::TenantId.eq(tenant))
        .filter(Column::Id.eq(id))
        .filter(Column::Version.eq(version))
        .filter(Column::RevokedAt.is_null())
        .exec_with_returning(db)
        .await?;
    Ok(updated.into_iter().next())
}

/// Takes links back; answers those that were not taken back before. At most `limit` of them.
pub(crate) async fn revoke(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    which: Condition,
    limit: u64,
    now: DateTime<Utc>,
) -> Result<Vec<Model>, DbErr> {
    let ids = Entity::of_tenant(tenant)
        .select_only()
        .column(Column::Id)
        .filter(which)
        .filter(Column::RevokedAt.is_null())
        .order_by_asc(Column::Id)
        .limit(limit);
    Entity::update_many()
        .col_expr(Column::RevokedAt, Expr::value(now))
        .col_expr(Column::UpdatedAt, Expr::value(now))
        .col_expr(Column::Version, Expr::col(Column::Version).add(1))
        .filter(Column::TenantId.eq(tenant))
        .filter(Column::Id.in_subquery(sea_orm::QueryTrait::into_query(ids)))
        .filter(Column::RevokedAt.is_null())
        .exec_with_returning(db)
        .await
}

/// The links that a selection names.
pub(super) fn condition(selection: Selection) -> Condition {
    selection.condition()
}
