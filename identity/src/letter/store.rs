//! Queries over `letters`.

use chrono::{DateTime, TimeDelta, Utc};
use kernel::TenantId;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, PaginatorTrait, QueryFilter,
    Statement,
};
use uuid::Uuid;

use crate::account::EmailAddress;
use crate::entity::letter::{ActiveModel, Column, Entity, Model};

/// After that many attempts nobody waits for the letter any more.
const MAX_ATTEMPTS: i32 = 8;

/// Takes the wish that has waited longest, and puts its next attempt off.
const TAKE: &str = "
    update letters set attempts = attempts + 1,
        next_attempt_at = $1 + make_interval(secs => 5 * power(2, attempts))
    where id = (
        select id from letters
        where handled_at is null and next_attempt_at <= $1 and attempts < $2
        order by next_attempt_at, id limit 1 for update skip locked
    )
    returning *";

pub(super) async fn insert(db: &impl ConnectionTrait, row: Model) -> Result<(), DbErr> {
    Entity::insert(ActiveModel::from(row))
        .exec_without_returning(db)
        .await
        .map(drop)
}

pub(super) async fn take(
    db: &impl ConnectionTrait,
    now: DateTime<Utc>,
) -> Result<Option<Model>, DbErr> {
    let values = [now.into(), MAX_ATTEMPTS.into()];
    let statement = Statement::from_sql_and_values(db.get_database_backend(), TAKE, values);
    Entity::find().from_raw_sql(statement).one(db).await
}

/// How many other letters of the kind went to the address since, from this organization or from all.
pub(super) async fn written_since(
    db: &impl ConnectionTrait,
    letter: &Model,
    tenant: Option<TenantId>,
    since: DateTime<Utc>,
) -> Result<u64, DbErr> {
    let of = Condition::all().add_option(tenant.map(|tenant| Column::TenantId.eq(tenant)));
    Entity::find()
        .filter(of)
        .filter(Column::Id.ne(letter.id))
        .filter(Column::EmailHash.eq(letter.email_hash.clone()))
        .filter(Column::Kind.eq(letter.kind.as_str()))
        .filter(Column::CreatedAt.gt(since))
        .filter(Column::HandledAt.is_not_null())
        .count(db)
        .await
}

/// Notes that it was written, and forgets for whom; false when somebody else did.
pub(super) async fn handled(
    db: &impl ConnectionTrait,
    id: Uuid,
    now: DateTime<Utc>,
) -> Result<bool, DbErr> {
    let noted = Entity::update_many()
        .col_expr(Column::HandledAt, Expr::value(now))
        .col_expr(Column::Email, Expr::value(None::<EmailAddress>))
        .col_expr(Column::Name, Expr::value(None::<String>))
        .filter(Column::Id.eq(id))
        .filter(Column::HandledAt.is_null())
        .exec(db)
        .await?;
    Ok(noted.rows_affected == 1)
}

/// Drops a wish that no mail came of.
pub(super) async fn remove(db: &impl ConnectionTrait, id: Uuid) -> Result<(), DbErr> {
    Entity::delete_by_id(id).exec(db).await.map(drop)
}

/// Drops wishes that are older than `age`, written or not.
pub(crate) async fn forget_old(
    db: &impl ConnectionTrait,
    now: DateTime<Utc>,
    age: TimeDelta,
) -> Result<(), DbErr> {
    let old = Column::CreatedAt.lt(now - age);
    Entity::delete_many().filter(old).exec(db).await.map(drop)
}
