//! Queries over `invitations`; each starts at one organization.

use chrono::{DateTime, Utc};
use kernel::{InvitationId, TenantId};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, PaginatorTrait, QueryFilter,
    QueryOrder, QuerySelect, Select, UpdateMany,
};

use super::model::Status;
use crate::account::EmailAddress;
use crate::entity::invitation::{ActiveModel, Column, Entity, Model};
use crate::entity::user;

fn scoped(tenant: TenantId) -> Select<Entity> {
    Entity::find().filter(Column::TenantId.eq(tenant))
}

/// Neither accepted nor revoked; perhaps expired.
fn pending(tenant: TenantId) -> Condition {
    Condition::all()
        .add(Column::TenantId.eq(tenant))
        .add(Column::AcceptedAt.is_null())
        .add(Column::RevokedAt.is_null())
}

fn revocation(tenant: TenantId, now: DateTime<Utc>) -> UpdateMany<Entity> {
    let revoke = Entity::update_many().col_expr(Column::RevokedAt, Expr::value(now));
    revoke.filter(pending(tenant))
}

pub(super) async fn insert(db: &impl ConnectionTrait, row: Model) -> Result<(), DbErr> {
    Entity::insert(ActiveModel::from(row))
        .exec_without_returning(db)
        .await
        .map(drop)
}

/// Which invitations.
pub(super) struct Wanted {
    pub(super) status: Option<Status>,
    pub(super) email: Option<EmailAddress>,
    pub(super) now: DateTime<Utc>,
}

impl Wanted {
    fn condition(&self, tenant: TenantId) -> Condition {
        let of = Condition::all().add(Column::TenantId.eq(tenant));
        let of = match &self.email {
            Some(email) => of.add(Column::Email.eq(email.clone())),
            None => of,
        };
        match self.status {
            None => of,
            Some(Status::Accepted) => of.add(Column::AcceptedAt.is_not_null()),
            Some(Status::Revoked) => of
                .add(Column::AcceptedAt.is_null())
                .add(Column::RevokedAt.is_not_null()),
            Some(Status::Open) => of.add(pending(tenant)).add(Column::ExpiresAt.gt(self.now)),
            Some(Status::Expired) => of.add(pending(tenant)).add(Column::ExpiresAt.lte(self.now)),
        }
    }
}

/// Invitations, the latest first.
pub(super) async fn page(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    wanted: &Wanted,
    after: Option<(DateTime<Utc>, InvitationId)>,
    limit: u64,
) -> Result<Vec<Model>, DbErr> {
    let mut query = Entity::find().filter(wanted.condition(tenant));
    if let Some((created_at, id)) = after {
        let place = Expr::tuple([Expr::col(Column::CreatedAt), Expr::col(Column::Id)]);
        query = query.filter(place.lt(Expr::tuple([Expr::val(created_at), Expr::val(id)])));
    }
    query
        .order_by_desc(Column::CreatedAt)
        .order_by_desc(Column::Id)
        .limit(limit)
        .all(db)
        .await
}

/// Puts another token and another end in place of those before.
pub(super) async fn renew(db: &impl ConnectionTrait, row: &Model) -> Result<(), DbErr> {
    Entity::update_many()
        .col_expr(Column::TokenHash, Expr::value(row.token_hash.clone()))
        .col_expr(Column::ExpiresAt, Expr::value(row.expires_at))
        .filter(Column::TenantId.eq(row.tenant_id))
        .filter(Column::Id.eq(row.id))
        .exec(db)
        .await
        .map(drop)
}

/// How many can still be accepted.
pub(super) async fn count_open(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    now: DateTime<Utc>,
) -> Result<u64, DbErr> {
    let open = pending(tenant).add(Column::ExpiresAt.gt(now));
    Entity::find().filter(open).count(db).await
}

/// Removes all of an organization; answers how many there were.
pub(crate) async fn remove_of(db: &impl ConnectionTrait, tenant: TenantId) -> Result<u64, DbErr> {
    let of = Column::TenantId.eq(tenant);
    let removed = Entity::delete_many().filter(of).exec(db).await?;
    Ok(removed.rows_affected)
}

pub(super) async fn by_token(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    hash: [u8; 32],
) -> Result<Option<Model>, DbErr> {
    let one = scoped(tenant).filter(Column::TokenHash.eq(hash.to_vec()));
    one.one(db).await
}

/// The invitation of whichever organization: who has the token was sent it.
pub(super) async fn by_token_anywhere(
    db: &impl ConnectionTrait,
    hash: [u8; 32],
) -> Result<Option<Model>, DbErr> {
    let one = Entity::find().filter(Column::TokenHash.eq(hash.to_vec()));
    one.one(db).await
}

/// The invitation, held until the end of the transaction.
pub(super) async fn locked(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    id: InvitationId,
) -> Result<Option<Model>, DbErr> {
    scoped(tenant)
        .filter(Column::Id.eq(id))
        .lock_exclusive()
        .one(db)
        .await
}

pub(super) async fn note_accepted(
    db: &impl ConnectionTrait,
    id: InvitationId,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    Entity::update_many()
        .col_expr(Column::AcceptedAt, Expr::value(now))
        .filter(Column::Id.eq(id))
        .exec(db)
        .await
        .map(drop)
}

/// Revokes one that is pending; false when there is none.
pub(super) async fn revoke(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    id: InvitationId,
    now: DateTime<Utc>,
) -> Result<bool, DbErr> {
    let revoked = revocation(tenant, now)
        .filter(Column::Id.eq(id))
        .exec(db)
        .await?;
    Ok(revoked.rows_affected == 1)
}

/// Revokes all that are pending for a person's address, and all that the person made: one may be to another address of
/// the same person.
pub(crate) async fn revoke_of_person(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    person: &user::Model,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    let of = Condition::any()
        .add(Column::InvitedBy.eq(person.id))
        .add(Column::Email.eq(person.email.clone()));
    revocation(tenant, now).filter(of).exec(db).await.map(drop)
}

/// The one for the address that can still be accepted; a newer one takes the place of an older one.
pub(crate) async fn open_for(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    email: &EmailAddress,
    now: DateTime<Utc>,
) -> Result<Option<Model>, DbErr> {
    let open = pending(tenant).add(Column::ExpiresAt.gt(now));
    let to = Column::Email.eq(email.clone());
    Entity::find().filter(open).filter(to).one(db).await
}

/// Revokes all that are pending for an address.
pub(super) async fn revoke_of(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    email: &EmailAddress,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    let of = Column::Email.eq(email.clone());
    revocation(tenant, now).filter(of).exec(db).await.map(drop)
}
