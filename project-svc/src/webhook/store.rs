//! Queries of webhooks. Deleted ones are not there for anybody.

use chrono::{DateTime, Utc};
use kernel::{UserId, WebhookId};
use sea_orm::FromQueryResult;
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, raw_sql};

use crate::access::{Standing, Thing};
use crate::entity::webhook;

/// Names the lock among the advisory locks of the database.
const LOCK: i64 = 0x7765_6268;

/// A webhook that the caller may know of: whoever belongs to the organization.
pub(crate) struct WebhookRow(pub(crate) webhook::Model);

impl Thing for WebhookRow {
    type Id = WebhookId;

    async fn load<C: ConnectionTrait>(
        db: &C,
        id: WebhookId,
        _: UserId,
    ) -> Result<Option<(Self, Standing)>, DbErr> {
        let found = webhook::Entity::find_by_id(id).filter(webhook::Column::DeletedAt.is_null());
        let found = found.one(db).await?;
        Ok(found.map(|row| (Self(row), Standing::OF_ORGANIZATION)))
    }
}

/// A page of webhooks, in the order they were made.
pub(super) async fn page(
    db: &impl ConnectionTrait,
    after: Option<(DateTime<Utc>, WebhookId)>,
    limit: i64,
) -> Result<Vec<webhook::Model>, DbErr> {
    let (time, id) = after.unzip();
    webhook::Model::find_by_statement(raw_sql!(
        Postgres,
        "select * from webhooks where deleted_at is null
             and ({time}::timestamptz is null or (created_at, id) > ({time}, {id}))
         order by created_at, id limit {limit}"
    ))
    .all(db)
    .await
}

/// Waits until nobody else makes a webhook in this organization, until the commit.
pub(super) async fn lock(db: &impl ConnectionTrait) -> Result<(), DbErr> {
    let lock = raw_sql!(Postgres, "select pg_advisory_xact_lock({LOCK})");
    db.query_one_raw(lock).await?;
    Ok(())
}

/// How many there are.
pub(super) async fn count(db: &impl ConnectionTrait) -> Result<i64, DbErr> {
    let count = raw_sql!(
        Postgres,
        "select count(*) as count from webhooks where deleted_at is null"
    );
    let row = db.query_one_raw(count).await?;
    row.map_or(Ok(0), |row| row.try_get("", "count"))
}

pub(super) async fn insert(
    db: &impl ConnectionTrait,
    webhook: webhook::ActiveModel,
) -> Result<webhook::Model, DbErr> {
    webhook::Entity::insert(webhook)
        .exec_with_returning(db)
        .await
}

/// False when it is gone already, or not in the version expected. Its deliveries are many: housekeeping removes them.
pub(super) async fn delete(
    db: &impl ConnectionTrait,
    id: WebhookId,
    expected: Option<i32>,
    now: DateTime<Utc>,
) -> Result<bool, DbErr> {
    let delete = raw_sql!(
        Postgres,
        "update webhooks set deleted_at = {now}, enabled = false, secret = '', former_secret = null,
             former_secret_until = null
         where id = {id} and deleted_at is null and ({expected}::integer is null or version = {expected})"
    );
    Ok(db.execute_raw(delete).await?.rows_affected() == 1)
}
