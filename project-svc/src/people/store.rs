//! Queries of people.

use chrono::{DateTime, Utc};
use kernel::{Role, UserId};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QuerySelect, raw_sql,
};

use crate::entity::person;

/// What somebody is called of whom nothing more is known, or may be.
pub(crate) const NOBODY: &str = "Former member";

/// What was told of a person, and when.
pub(crate) struct Person<'a> {
    pub(crate) id: UserId,
    pub(crate) name: &'a str,
    pub(crate) role: Role,
    pub(crate) told_at: DateTime<Utc>,
}

/// Writes the person down; news that is older than what is there changes nothing.
pub(crate) async fn upsert(db: &impl ConnectionTrait, person: &Person<'_>) -> Result<(), DbErr> {
    let (id, name, role, told_at) = (person.id, person.name, person.role, person.told_at);
    let upsert = raw_sql!(
        Postgres,
        "insert into people (id, name, role, updated_at) values ({id}, {name}, {role}, {told_at})
         on conflict (id) do update
         set name = excluded.name, role = excluded.role, active = true, updated_at = excluded.updated_at
         where people.updated_at < excluded.updated_at"
    );
    db.execute_raw(upsert).await?;
    Ok(())
}

/// The role of somebody who is a member now; none for who is not, or is not heard of.
pub(crate) async fn role(db: &impl ConnectionTrait, id: UserId) -> Result<Option<Role>, DbErr> {
    let found = person::Entity::find_by_id(id).filter(person::Column::Active.eq(true));
    Ok(found.one(db).await?.map(|person| person.role))
}

/// Notes another role; false for news that is not newer than what is there, or of a stranger: they change nothing.
pub(crate) async fn change_role(
    db: &impl ConnectionTrait,
    id: UserId,
    role: Role,
    told_at: DateTime<Utc>,
) -> Result<bool, DbErr> {
    let update = raw_sql!(
        Postgres,
        "update people set role = {role}, updated_at = {told_at} where id = {id} and updated_at < {told_at}"
    );
    Ok(db.execute_raw(update).await?.rows_affected() == 1)
}

/// Notes another name; false as for a role.
pub(crate) async fn rename(
    db: &impl ConnectionTrait,
    id: UserId,
    name: &str,
    told_at: DateTime<Utc>,
) -> Result<bool, DbErr> {
    let update = raw_sql!(
        Postgres,
        "update people set name = {name}, updated_at = {told_at} where id = {id} and updated_at < {told_at}"
    );
    Ok(db.execute_raw(update).await?.rows_affected() == 1)
}

/// Notes that somebody is no member any more: nothing new is given to them, what they did stays. False
/// when what is there is newer. Of a stranger it is noted, too: the news that they joined may come later.
pub(crate) async fn leave(
    db: &impl ConnectionTrait,
    id: UserId,
    told_at: DateTime<Utc>,
) -> Result<bool, DbErr> {
    let update = raw_sql!(
        Postgres,
        "insert into people (id, name, role, active, updated_at)
         values ({id}, {NOBODY}, 'viewer', false, {told_at})
         on conflict (id) do update set active = false, updated_at = excluded.updated_at
         where people.updated_at <= excluded.updated_at"
    );
    Ok(db.execute_raw(update).await?.rows_affected() == 1)
}

/// Which of these people are known, and whether they are active.
pub(crate) async fn active(
    db: &impl ConnectionTrait,
    ids: &[UserId],
) -> Result<Vec<(UserId, bool)>, DbErr> {
    person::Entity::find()
        .select_only()
        .columns([person::Column::Id, person::Column::Active])
        .filter(person::Column::Id.is_in(ids.iter().copied()))
        .into_tuple()
        .all(db)
        .await
}
