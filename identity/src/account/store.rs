//! Queries over `users`.

use chrono::{DateTime, Utc};
use kernel::UserId;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, TryInsertResult, raw_sql,
};
use uuid::Uuid;

use super::EmailAddress;
use crate::entity::user;

pub(crate) async fn by_email(
    db: &impl ConnectionTrait,
    email: &EmailAddress,
) -> Result<Option<user::Model>, DbErr> {
    let filter = user::Column::Email.eq(email.clone());
    user::Entity::find().filter(filter).one(db).await
}

/// A person who may still sign in.
pub(crate) async fn active(
    db: &impl ConnectionTrait,
    id: UserId,
) -> Result<Option<user::Model>, DbErr> {
    let found = user::Entity::find_by_id(id).one(db).await?;
    Ok(found.filter(|user| user.active))
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
    let row = user::Model {
        id,
        email,
        name,
        password_hash: Some(password_hash),
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
    };
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
