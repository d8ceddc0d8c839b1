//! Queries over `identity_providers`, `external_identities` and `provider_attempts`.

use chrono::{DateTime, Utc};
use kernel::{ProviderId, TenantId, UserId};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, PaginatorTrait, QueryFilter,
    QueryOrder, Select, TryInsertResult, raw_sql,
};

use super::model::{Membership, Place, Way, Ways};
use crate::entity::{external_identity, identity_provider, membership, provider_attempt, user};

/// An identity with the provider it is of.
#[derive(Debug, FromQueryResult)]
pub(super) struct Linked {
    pub(super) provider: String,
    pub(super) linked_at: DateTime<Utc>,
    pub(super) last_used_at: Option<DateTime<Utc>>,
    /// The organization whose provider it is, with its name and whether it is offered.
    pub(super) tenant_id: Option<TenantId>,
    pub(super) name: Option<String>,
    active: Option<bool>,
}

fn scoped(tenant: TenantId) -> Select<identity_provider::Entity> {
    identity_provider::Entity::find().filter(identity_provider::Column::TenantId.eq(tenant))
}

pub(super) async fn provider(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    id: ProviderId,
) -> Result<Option<identity_provider::Model>, DbErr> {
    let one = scoped(tenant).filter(identity_provider::Column::Id.eq(id));
    one.one(db).await
}

/// The organization's providers, in the order they were made; a handful, as the limit on making them says.
pub(super) async fn providers(
    db: &impl ConnectionTrait,
    tenant: TenantId,
) -> Result<Vec<identity_provider::Model>, DbErr> {
    let all = scoped(tenant).order_by_asc(identity_provider::Column::CreatedAt);
    all.order_by_asc(identity_provider::Column::Id)
        .all(db)
        .await
}

pub(super) async fn count_providers(
    db: &impl ConnectionTrait,
    tenant: TenantId,
) -> Result<u64, DbErr> {
    scoped(tenant).count(db).await
}

pub(super) async fn insert_provider(
    db: &impl ConnectionTrait,
    row: identity_provider::Model,
) -> Result<(), DbErr> {
    identity_provider::Entity::insert(identity_provider::ActiveModel::from(row))
        .exec_without_returning(db)
        .await
        .map(drop)
}

pub(super) async fn update_provider(
    db: &impl ConnectionTrait,
    row: &identity_provider::Model,
) -> Result<(), DbErr> {
    use identity_provider::Column;
    identity_provider::Entity::update_many()
        .col_expr(Column::Name, Expr::value(row.name.clone()))
        .col_expr(Column::ClientId, Expr::value(row.client_id.clone()))
        .col_expr(
            Column::SealedClientSecret,
            Expr::value(row.sealed_client_secret.clone()),
        )
        .col_expr(Column::Active, Expr::value(row.active))
        .col_expr(Column::Version, Expr::value(row.version))
        .col_expr(Column::UpdatedAt, Expr::value(row.updated_at))
        .filter(Column::TenantId.eq(row.tenant_id))
        .filter(Column::Id.eq(row.id))
        .exec(db)
        .await
        .map(drop)
}

/// Removes a provider; the identities of it go with it.
pub(super) async fn remove_provider(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    id: ProviderId,
) -> Result<(), DbErr> {
    identity_provider::Entity::delete_many()
        .filter(identity_provider::Column::TenantId.eq(tenant))
        .filter(identity_provider::Column::Id.eq(id))
        .exec(db)
        .await
        .map(drop)
}

pub(super) async fn insert_attempt(
    db: &impl ConnectionTrait,
    row: provider_attempt::Model,
) -> Result<(), DbErr> {
    provider_attempt::Entity::insert(provider_attempt::ActiveModel::from(row))
        .exec_without_returning(db)
        .await
        .map(drop)
}

/// The organization that a browser set out from, to this provider and no other.
pub(super) async fn tenant_of_attempt(
    db: &impl ConnectionTrait,
    state_hash: &[u8],
    provider: &str,
    now: DateTime<Utc>,
) -> Result<Option<TenantId>, DbErr> {
    let found = provider_attempt::Entity::find_by_id(state_hash.to_vec())
        .filter(provider_attempt::Column::Provider.eq(provider))
        .filter(provider_attempt::Column::ExpiresAt.gt(now))
        .one(db)
        .await?;
    Ok(found.map(|row| row.tenant_id))
}

/// Uses an attempt up; of two at once one gets it.
pub(super) async fn take_attempt(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    state_hash: &[u8],
    browser_hash: &[u8],
    now: DateTime<Utc>,
) -> Result<Option<provider_attempt::Model>, DbErr> {
    use provider_attempt::Column;
    let taken = provider_attempt::Entity::delete_many()
        .filter(Column::StateHash.eq(state_hash.to_vec()))
        .filter(Column::BrowserHash.eq(browser_hash.to_vec()))
        .filter(Column::TenantId.eq(tenant))
        .filter(Column::ExpiresAt.gt(now))
        .exec_with_returning(db)
        .await?;
    Ok(taken.into_iter().next())
}

/// Drops attempts that nobody came back from.
pub(crate) async fn forget_expired(
    db: &impl ConnectionTrait,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    let old = provider_attempt::Column::ExpiresAt.lt(now);
    provider_attempt::Entity::delete_many()
        .filter(old)
        .exec(db)
        .await
        .map(drop)
}

/// The person whom an identity opens the account of.
pub(super) async fn holder(
    db: &impl ConnectionTrait,
    provider: &str,
    subject: &str,
) -> Result<Option<UserId>, DbErr> {
    let key = (provider.to_owned(), subject.to_owned());
    let found = external_identity::Entity::find_by_id(key).one(db).await?;
    Ok(found.map(|row| row.user_id))
}

/// Whether the person has an identity of the provider.
pub(super) async fn has_identity(
    db: &impl ConnectionTrait,
    provider: &str,
    user: UserId,
) -> Result<bool, DbErr> {
    use external_identity::Column;
    let of = external_identity::Entity::find()
        .filter(Column::UserId.eq(user))
        .filter(Column::Provider.eq(provider));
    Ok(of.count(db).await? > 0)
}

/// Whether the person is a member, or was one.
pub(super) async fn membership(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    user: UserId,
) -> Result<Membership, DbErr> {
    let found = membership::Entity::find_by_id((tenant, user))
        .one(db)
        .await?;
    Ok(match found {
        None => Membership::Never,
        Some(row) if row.active => Membership::Present,
        Some(_) => Membership::Former,
    })
}

/// Links an identity; false when it, or another of the same provider, was linked meanwhile.
pub(super) async fn link(
    db: &impl ConnectionTrait,
    row: external_identity::Model,
) -> Result<bool, DbErr> {
    let insert = external_identity::Entity::insert(external_identity::ActiveModel::from(row));
    let inserted = insert
        .on_conflict_do_nothing()
        .exec_without_returning(db)
        .await?;
    Ok(matches!(inserted, TryInsertResult::Inserted(1)))
}

pub(super) async fn note_use(
    db: &impl ConnectionTrait,
    provider: &str,
    subject: &str,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    use external_identity::Column;
    external_identity::Entity::update_many()
        .col_expr(Column::LastUsedAt, Expr::value(now))
        .filter(Column::Provider.eq(provider))
        .filter(Column::Subject.eq(subject))
        .exec(db)
        .await
        .map(drop)
}

/// Unlinks a person's identity of a provider; false when there was none.
pub(super) async fn unlink(
    db: &impl ConnectionTrait,
    provider: &str,
    user: UserId,
) -> Result<bool, DbErr> {
    use external_identity::Column;
    let removed = external_identity::Entity::delete_many()
        .filter(Column::Provider.eq(provider))
        .filter(Column::UserId.eq(user))
        .exec(db)
        .await?;
    Ok(removed.rows_affected > 0)
}

/// Unlinks all identities of a person.
pub(crate) async fn unlink_all(db: &impl ConnectionTrait, user: UserId) -> Result<(), DbErr> {
    let of = external_identity::Column::UserId.eq(user);
    let removed = external_identity::Entity::delete_many().filter(of).exec(db);
    removed.await.map(drop)
}

/// The person's identities, the oldest first.
pub(super) async fn linked(db: &impl ConnectionTrait, user: UserId) -> Result<Vec<Linked>, DbErr> {
    let all = raw_sql!(
        Postgres,
        "select identity.provider, identity.linked_at, identity.last_used_at,
                own.tenant_id, own.name, own.active
         from external_identities identity
         left join identity_providers own on own.id = identity.identity_provider_id
         where identity.user_id = {user} order by identity.linked_at, identity.provider"
    );
    Linked::find_by_statement(all).all(db).await
}

/// The person, held until the end of the transaction: changes of the ways in come one by one.
pub(super) async fn hold(
    db: &impl ConnectionTrait,
    user: UserId,
) -> Result<Option<user::Model>, DbErr> {
    use sea_orm::QuerySelect;
    user::Entity::find_by_id(user)
        .lock_exclusive()
        .one(db)
        .await
}

/// The ways in of a person; `offered` tells whether the operator offers a provider.
pub(super) async fn ways(
    db: &impl ConnectionTrait,
    person: &user::Model,
    offered: impl Fn(&str) -> bool,
) -> Result<Ways, DbErr> {
    #[derive(FromQueryResult)]
    struct Row {
        tenant_id: TenantId,
        password_sign_in: bool,
    }
    let user = person.id;
    let places = Row::find_by_statement(raw_sql!(
        Postgres,
        "select tenant_id, password_sign_in from memberships
         join organizations using (tenant_id) where user_id = {user} and active"
    ));
    let passkeys = raw_sql!(
        Postgres,
        "select 1 from passkeys where user_id = {user} limit 1"
    );
    let places = places.all(db).await?.into_iter();
    let identities = linked(db, user).await?.into_iter();
    Ok(Ways {
        password: person.password_hash.is_some(),
        passkey: db.query_one_raw(passkeys).await?.is_some(),
        identities: identities
            .map(|row| Way {
                usable: row.active.unwrap_or_else(|| offered(&row.provider)),
                only: row.tenant_id,
                provider: row.provider,
            })
            .collect(),
        places: places
            .map(|row| Place {
                tenant: row.tenant_id,
                password_sign_in: row.password_sign_in,
            })
            .collect(),
    })
}
