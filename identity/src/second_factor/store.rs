//! Queries over `totp_devices` and `recovery_codes`, and what a person has in all.

use chrono::{DateTime, Utc};
use kernel::UserId;
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, PaginatorTrait, QueryFilter,
    raw_sql,
};

use super::model::Factors;
use crate::entity::{passkey, recovery_code, totp_device};

/// Holds the person until the end of the transaction: changes of somebody's factors come one by one.
pub(super) async fn hold(db: &impl ConnectionTrait, user: UserId) -> Result<(), DbErr> {
    let hold = raw_sql!(Postgres, "select from users where id = {user} for update");
    db.query_all_raw(hold).await.map(drop)
}

pub(super) async fn factors(db: &impl ConnectionTrait, user: UserId) -> Result<Factors, DbErr> {
    let device = device(db, user).await?;
    let passkeys = passkey::Entity::find().filter(passkey::Column::UserId.eq(user));
    Ok(Factors {
        totp: device.is_some_and(|device| device.confirmed_at.is_some()),
        passkeys: passkeys.count(db).await?,
        recovery_codes: codes(db, user).await?,
    })
}

async fn codes(db: &impl ConnectionTrait, user: UserId) -> Result<u64, DbErr> {
    use recovery_code::Column;
    let left = recovery_code::Entity::find()
        .filter(Column::UserId.eq(user))
        .filter(Column::UsedAt.is_null());
    left.count(db).await
}

/// The names of the person's organizations that demand a second factor.
pub(super) async fn demanding(
    db: &impl ConnectionTrait,
    user: UserId,
) -> Result<Vec<String>, DbErr> {
    let sql = raw_sql!(
        Postgres,
        "select organizations.name from memberships join organizations using (tenant_id)
         where user_id = {user} and memberships.active and require_second_factor order by 1 limit 20"
    );
    let rows = db.query_all_raw(sql).await?;
    rows.iter().map(|row| row.try_get("", "name")).collect()
}

pub(super) async fn device(
    db: &impl ConnectionTrait,
    user: UserId,
) -> Result<Option<totp_device::Model>, DbErr> {
    totp_device::Entity::find_by_id(user).one(db).await
}

/// Begins with a new secret; whatever was begun before is forgotten.
pub(super) async fn begin_device(
    db: &impl ConnectionTrait,
    user: UserId,
    sealed_secret: Vec<u8>,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    use totp_device::Column;
    let row = totp_device::Model {
        user_id: user,
        sealed_secret,
        confirmed_at: None,
        last_step: None,
        created_at: now,
    };
    let renew = OnConflict::column(Column::UserId)
        .update_columns([
            Column::SealedSecret,
            Column::ConfirmedAt,
            Column::LastStep,
            Column::CreatedAt,
        ])
        .to_owned();
    totp_device::Entity::insert(totp_device::ActiveModel::from(row))
        .on_conflict(renew)
        .exec_without_returning(db)
        .await
        .map(drop)
}

pub(super) async fn confirm_device(
    db: &impl ConnectionTrait,
    user: UserId,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    use totp_device::Column;
    totp_device::Entity::update_many()
        .col_expr(Column::ConfirmedAt, Expr::value(now))
        .filter(Column::UserId.eq(user))
        .exec(db)
        .await
        .map(drop)
}

/// Takes a time step; false when it, or a later one, was taken before.
pub(super) async fn take_step(
    db: &impl ConnectionTrait,
    user: UserId,
    step: i64,
) -> Result<bool, DbErr> {
    use totp_device::Column;
    let newer = Condition::any()
        .add(Column::LastStep.is_null())
        .add(Column::LastStep.lt(step));
    let taken = totp_device::Entity::update_many()
        .col_expr(Column::LastStep, Expr::value(step))
        .filter(Column::UserId.eq(user))
        .filter(newer)
        .exec(db)
        .await?;
    Ok(taken.rows_affected == 1)
}

/// False when there was none.
pub(super) async fn remove_device(db: &impl ConnectionTrait, user: UserId) -> Result<bool, DbErr> {
    let removed = totp_device::Entity::delete_by_id(user).exec(db).await?;
    Ok(removed.rows_affected == 1)
}

pub(super) async fn replace_codes(
    db: &impl ConnectionTrait,
    user: UserId,
    hashes: Vec<[u8; 32]>,
) -> Result<(), DbErr> {
    remove_codes(db, user).await?;
    let rows = hashes.into_iter().map(|hash| recovery_code::Model {
        code_hash: hash.to_vec(),
        user_id: user,
        used_at: None,
    });
    recovery_code::Entity::insert_many(rows.map(recovery_code::ActiveModel::from))
        .exec_without_returning(db)
        .await
        .map(drop)
}

pub(super) async fn remove_codes(db: &impl ConnectionTrait, user: UserId) -> Result<(), DbErr> {
    let of = recovery_code::Column::UserId.eq(user);
    let removed = recovery_code::Entity::delete_many().filter(of).exec(db);
    removed.await.map(drop)
}

/// Uses a code up; of two at once one gets it.
pub(super) async fn take_code(
    db: &impl ConnectionTrait,
    user: UserId,
    hash: &[u8],
    now: DateTime<Utc>,
) -> Result<bool, DbErr> {
    use recovery_code::Column;
    let taken = recovery_code::Entity::update_many()
        .col_expr(Column::UsedAt, Expr::value(now))
        .filter(Column::CodeHash.eq(hash.to_vec()))
        .filter(Column::UserId.eq(user))
        .filter(Column::UsedAt.is_null())
        .exec(db)
        .await?;
    Ok(taken.rows_affected == 1)
}
