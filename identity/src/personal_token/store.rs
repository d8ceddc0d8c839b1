//! Queries over `personal_tokens`.

use chrono::{DateTime, TimeDelta, Utc};
use kernel::{PersonalTokenId, TenantId, UserId};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, JoinType,
    PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, RelationDef, Select,
};

use crate::entity::personal_token::{ActiveModel, Column, Entity, Model};
use crate::entity::user;

/// Tokens that have ended are remembered this long.
const KEPT: TimeDelta = TimeDelta::days(7);
/// The time of the last use is written this often at most.
const TOUCHED_EVERY: TimeDelta = TimeDelta::minutes(1);

/// Which tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Of {
    /// One of an organization.
    One(TenantId, PersonalTokenId),
    /// All of a member.
    Member(TenantId, UserId),
    /// All of an organization.
    Organization(TenantId),
    /// All of a person, wherever they are good.
    Person(UserId),
}

impl Of {
    fn condition(self) -> Condition {
        let of = |tenant: TenantId| Condition::all().add(Column::TenantId.eq(tenant));
        match self {
            Self::One(tenant, id) => of(tenant).add(Column::Id.eq(id)),
            Self::Member(tenant, user) => of(tenant).add(Column::UserId.eq(user)),
            Self::Organization(tenant) => of(tenant),
            Self::Person(user) => Condition::all().add(Column::UserId.eq(user)),
        }
    }
}

/// A token with its owner's name.
#[derive(Debug, FromQueryResult)]
pub(super) struct Listed {
    pub(super) id: PersonalTokenId,
    pub(super) user_id: UserId,
    pub(super) user_name: String,
    pub(super) name: String,
    pub(super) hint: String,
    pub(super) scopes: Vec<String>,
    pub(super) created_at: DateTime<Utc>,
    pub(super) expires_at: DateTime<Utc>,
    pub(super) last_used_at: Option<DateTime<Utc>>,
}

fn open(of: Of) -> Select<Entity> {
    Entity::find()
        .filter(of.condition())
        .filter(Column::RevokedAt.is_null())
}

pub(super) async fn insert(db: &impl ConnectionTrait, row: Model) -> Result<(), DbErr> {
    Entity::insert(ActiveModel::from(row))
        .exec_without_returning(db)
        .await
        .map(drop)
}

/// How many are good now.
pub(super) async fn count(
    db: &impl ConnectionTrait,
    of: Of,
    now: DateTime<Utc>,
) -> Result<u64, DbErr> {
    let good = open(of).filter(Column::ExpiresAt.gt(now));
    good.count(db).await
}

/// One that has not been revoked.
pub(super) async fn one(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    id: PersonalTokenId,
) -> Result<Option<Model>, DbErr> {
    open(Of::One(tenant, id)).one(db).await
}

/// The token of this hash that is good now.
pub(super) async fn by_hash(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    hash: [u8; 32],
    now: DateTime<Utc>,
) -> Result<Option<Model>, DbErr> {
    open(Of::Organization(tenant))
        .filter(Column::TokenHash.eq(hash.to_vec()))
        .filter(Column::ExpiresAt.gt(now))
        .one(db)
        .await
}

/// Those not revoked, the newest first.
pub(super) async fn page(
    db: &impl ConnectionTrait,
    of: Of,
    after: Option<(DateTime<Utc>, PersonalTokenId)>,
    limit: u64,
) -> Result<Vec<Listed>, DbErr> {
    let owner: RelationDef = Entity::belongs_to(user::Entity)
        .from(Column::UserId)
        .to(user::Column::Id)
        .into();
    let mut rows = open(of)
        .join(JoinType::InnerJoin, owner)
        .column_as(user::Column::Name, "user_name")
        .order_by_desc(Column::CreatedAt)
        .order_by_desc(Column::Id)
        .limit(limit);
    if let Some((at, id)) = after {
        let row = Expr::tuple([Column::CreatedAt.into_expr(), Column::Id.into_expr()]);
        rows = rows.filter(row.lt(Expr::tuple([Expr::value(at), Expr::value(id)])));
    }
    rows.into_model().all(db).await
}

/// Ends those that have not ended.
pub(super) async fn revoke(
    db: &impl ConnectionTrait,
    of: Of,
    now: DateTime<Utc>,
) -> Result<Vec<Model>, DbErr> {
    Entity::update_many()
        .col_expr(Column::RevokedAt, Expr::value(now))
        .filter(of.condition())
        .filter(Column::RevokedAt.is_null())
        .exec_with_returning(db)
        .await
}

/// Notes a use.
pub(super) async fn touch(
    db: &impl ConnectionTrait,
    id: PersonalTokenId,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    let lately = Column::LastUsedAt.gt(now - TOUCHED_EVERY);
    Entity::update_many()
        .col_expr(Column::LastUsedAt, Expr::value(now))
        .filter(Column::Id.eq(id))
        .filter(
            Condition::any()
                .add(Column::LastUsedAt.is_null())
                .add(lately.not()),
        )
        .exec(db)
        .await
        .map(drop)
}

/// Tokens that were revoked since, the latest first.
pub(crate) async fn revoked_since(
    db: &impl ConnectionTrait,
    since: DateTime<Utc>,
    limit: u64,
) -> Result<Vec<Model>, DbErr> {
    Entity::find()
        .filter(Column::RevokedAt.gt(since))
        .order_by_desc(Column::RevokedAt)
        .limit(limit)
        .all(db)
        .await
}

/// Drops tokens that ended a while ago.
pub(crate) async fn forget_old(db: &impl ConnectionTrait, now: DateTime<Utc>) -> Result<(), DbErr> {
    let old = Condition::any()
        .add(Column::ExpiresAt.lt(now - KEPT))
        .add(Column::RevokedAt.lt(now - KEPT));
    Entity::delete_many().filter(old).exec(db).await.map(drop)
}
