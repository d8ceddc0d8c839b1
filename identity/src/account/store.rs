//! Queries over `users`.

use chrono::{DateTime, Utc};
use kernel::{TenantId, UserId};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    TryInsertResult, raw_sql,
};
use uuid::Uuid;

use super::EmailAddress;
use crate::entity::{membership, user};

pub(crate) async fn by_email(
    db: &impl ConnectionTrait,
    email: &EmailAddress,
) -> Result<Option<user::Model>, DbErr> {
    let filter = user::Column::Email.eq(email.clone());
    user::Entity::find().filter(filter).one(db).await
}

/// A person, also one who may not sign in any more.
pub(crate) async fn by_id(
    db: &impl ConnectionTrait,
    id: UserId,
) -> Result<Option<user::Model>, DbErr> {
    user::Entity::find_by_id(id).one(db).await
}

/// A person who may still sign in.
pub(crate) async fn active(
    db: &impl ConnectionTrait,
    id: UserId,
) -> Result<Option<user::Model>, DbErr> {
    let found = user::Entity::find_by_id(id).one(db).await?;
    Ok(found.filter(|user| user.active))
}

/// The same, held until the end of the transaction.
pub(crate) async fn locked(
    db: &impl ConnectionTrait,
    id: UserId,
) -> Result<Option<user::Model>, DbErr> {
    let found = user::Entity::find_by_id(id).lock_exclusive();
    Ok(found.one(db).await?.filter(|user| user.active))
}

/// Writes back what of a person may change; hold the row.
pub(crate) async fn update(
    db: &impl ConnectionTrait,
    user: &user::Model,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    use user::Column;
    user::Entity::update_many()
        .col_expr(Column::Email, Expr::value(user.email.clone()))
        .col_expr(Column::Name, Expr::value(user.name.as_str()))
        .col_expr(
            Column::PasswordHash,
            Expr::value(user.password_hash.clone()),
        )
        .col_expr(Column::Active, Expr::value(user.active))
        .col_expr(Column::EmailVerifiedAt, Expr::value(user.email_verified_at))
        .col_expr(Column::Bio, Expr::value(user.bio.clone()))
        .col_expr(Column::Timezone, Expr::value(user.timezone.clone()))
        .col_expr(Column::Locale, Expr::value(user.locale.clone()))
        .col_expr(Column::Preferences, Expr::value(user.preferences.clone()))
        .col_expr(Column::Version, Expr::col(Column::Version).add(1))
        .col_expr(Column::UpdatedAt, Expr::value(now))
        .filter(Column::Id.eq(user.id))
        .exec(db)
        .await
        .map(drop)
}

/// Notes that the person reads mail at this address, if it is still the account's.
pub(crate) async fn note_verified(
    db: &impl ConnectionTrait,
    id: UserId,
    email: &EmailAddress,
    now: DateTime<Utc>,
) -> Result<bool, DbErr> {
    let noted = user::Entity::update_many()
        .col_expr(user::Column::EmailVerifiedAt, Expr::value(now))
        .filter(user::Column::Id.eq(id))
        .filter(user::Column::Email.eq(email.clone()))
        .exec(db)
        .await?;
    Ok(noted.rows_affected == 1)
}

/// Puts a stronger hash of the same password in the place of `old`, unless the password changed meanwhile.
pub(crate) async fn rehash(
    db: &impl ConnectionTrait,
    id: UserId,
    old: &str,
    new: String,
) -> Result<(), DbErr> {
    user::Entity::update_many()
        .col_expr(user::Column::PasswordHash, Expr::value(new))
        .filter(user::Column::Id.eq(id))
        .filter(user::Column::PasswordHash.eq(old))
        .exec(db)
        .await
        .map(drop)
}

/// The organizations where the person is a member.
pub(crate) async fn organizations(
    db: &impl ConnectionTrait,
    id: UserId,
) -> Result<Vec<TenantId>, DbErr> {
    use membership::Column;
    let all = membership::Entity::find()
        .filter(Column::UserId.eq(id))
        .filter(Column::Active.eq(true))
        .order_by_asc(Column::TenantId);
    let ids = all.select_only().column(Column::TenantId).into_tuple();
    ids.all(db).await
}

/// Whether the person was a member and is none any more.
pub(crate) async fn has_left(
    db: &impl ConnectionTrait,
    id: UserId,
    tenant: TenantId,
) -> Result<bool, DbErr> {
    let found = membership::Entity::find_by_id((tenant, id)).one(db).await?;
    Ok(found.is_some_and(|row| !row.active))
}

/// Adds a person; `None` when somebody has taken the address meanwhile.
pub(crate) async fn insert(
    db: &impl ConnectionTrait,
    id: UserId,
    email: EmailAddress,
    name: String,
    password_hash: String,
    now: DateTime<Utc>,
) -> Result<Option<user::Model>, DbErr> {
    add(db, blank(id, email, name, Some(password_hash), now)).await
}

/// Adds a person who signs in by other means; `None` when somebody has taken the address meanwhile.
pub(crate) async fn insert_without_password(
    db: &impl ConnectionTrait,
    id: UserId,
    email: EmailAddress,
    name: String,
    verified_at: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Result<Option<user::Model>, DbErr> {
    let row = user::Model {
        email_verified_at: verified_at,
        ..blank(id, email, name, None, now)
    };
    add(db, row).await
}

fn blank(
    id: UserId,
    email: EmailAddress,
    name: String,
    password_hash: Option<String>,
    now: DateTime<Utc>,
) -> user::Model {
    user::Model {
        id,
        email,
        name,
        password_hash,
        active: true,
        version: 1,
        last_login_at: None,
        created_at: now,
        updated_at: now,
        email_verified_at: None,
        bio: None,
        timezone: None,
        locale: None,
        preferences: serde_json::json!({}),
    }
}

async fn add(db: &impl ConnectionTrait, row: user::Model) -> Result<Option<user::Model>, DbErr> {
    let insert = user::Entity::insert(user::ActiveModel::from(row.clone()));
    let inserted = insert
        .on_conflict_do_nothing_on([user::Column::Email])
        .exec_without_returning(db)
        .await?;
    Ok(match inserted {
        TryInsertResult::Inserted(1) => Some(row),
        _ => None,
    })
}

/// Removes those of these people who are members of nothing any more; answers how many they were. Whoever makes one
/// of them a member meanwhile waits, or was first and is seen.
pub(crate) async fn remove_homeless(
    db: &impl ConnectionTrait,
    people: &[UserId],
) -> Result<u64, DbErr> {
    let people: Vec<Uuid> = people.iter().map(|id| id.uuid()).collect();
    let hold = raw_sql!(
        Postgres,
        "select id from users where id = any({people}) order by id for update"
    );
    db.query_all_raw(hold).await?;
    let removed = db.execute_raw(raw_sql!(
        Postgres,
        "delete from users where id = any({people})
         and not exists (select from memberships where user_id = users.id)"
    ));
    Ok(removed.await?.rows_affected())
}

pub(crate) async fn note_login(
    db: &impl ConnectionTrait,
    id: UserId,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    user::Entity::update_many()
        .col_expr(user::Column::LastLoginAt, Expr::value(now))
        .filter(user::Column::Id.eq(id))
        .exec(db)
        .await?;
    Ok(())
}

/// Lets nobody in with the account any more.
pub(crate) async fn close(
    db: &impl ConnectionTrait,
    id: UserId,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    user::Entity::update_many()
        .col_expr(user::Column::Active, Expr::value(false))
        .col_expr(user::Column::UpdatedAt, Expr::value(now))
        .filter(user::Column::Id.eq(id))
        .exec(db)
        .await
        .map(drop)
}
