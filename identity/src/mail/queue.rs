//! Queries over `mail_queue`.

use chrono::{DateTime, TimeDelta, Utc};
use kernel::{EventId, Ids, TenantId};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, Statement,
};
use uuid::Uuid;

use super::Mail;
use crate::entity::mail::{ActiveModel, Column, Entity, Model};

/// After that many a person must look: the mail stays in the queue.
pub(super) const MAX_ATTEMPTS: i32 = 12;

/// Takes the mail that has waited longest. Taking counts as an attempt and puts the next one off, so that a crash
/// while sending is a failed attempt.
const TAKE: &str = "
    update mail_queue set attempts = attempts + 1,
        next_attempt_at = $1 + make_interval(secs => least(3600, 15 * power(2, attempts)))
    where id = (
        select id from mail_queue
        where sent_at is null and next_attempt_at <= $1 and attempts < $2
        order by next_attempt_at, id limit 1 for update skip locked
    )
    returning *";

/// Writes a mail about an organization; call it inside the transaction that causes it.
pub(crate) async fn enqueue(
    db: &impl ConnectionTrait,
    ids: &Ids,
    tenant: TenantId,
    mail: Mail,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    let row = waiting(ids.next::<EventId>().uuid(), tenant, mail, now);
    Entity::insert(row)
        .exec_without_returning(db)
        .await
        .map(drop)
}

/// The same, unless there is a mail of this id already.
pub(super) async fn enqueue_once(
    db: &impl ConnectionTrait,
    id: Uuid,
    tenant: TenantId,
    mail: Mail,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    let once = OnConflict::column(Column::Id).do_nothing().to_owned();
    Entity::insert(waiting(id, tenant, mail, now))
        .on_conflict(once)
        .exec_without_returning(db)
        .await
        .map(drop)
}

fn waiting(id: Uuid, tenant: TenantId, mail: Mail, now: DateTime<Utc>) -> ActiveModel {
    ActiveModel::from(Model {
        id,
        recipient: mail.recipient,
        subject: mail.subject,
        text_body: mail.text,
        html_body: mail.html,
        created_at: now,
        next_attempt_at: now,
        attempts: 0,
        sent_at: None,
        last_error: None,
        tenant_id: Some(tenant),
    })
}

pub(super) async fn take(
    db: &impl ConnectionTrait,
    now: DateTime<Utc>,
) -> Result<Option<Model>, DbErr> {
    let values = [now.into(), MAX_ATTEMPTS.into()];
    let statement = Statement::from_sql_and_values(db.get_database_backend(), TAKE, values);
    Entity::find().from_raw_sql(statement).one(db).await
}

pub(super) async fn note_sent(
    db: &impl ConnectionTrait,
    id: Uuid,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    let sent = ActiveModel {
        id: Set(id),
        sent_at: Set(Some(now)),
        text_body: Set(String::new()),
        html_body: Set(String::new()),
        last_error: Set(None),
        ..Default::default()
    };
    sent.update(db).await.map(drop)
}

pub(super) async fn note_failed(
    db: &impl ConnectionTrait,
    id: Uuid,
    reason: String,
    for_good: bool,
) -> Result<(), DbErr> {
    let mut failed = ActiveModel {
        id: Set(id),
        last_error: Set(Some(reason)),
        ..Default::default()
    };
    if for_good {
        failed.attempts = Set(MAX_ATTEMPTS);
    }
    failed.update(db).await.map(drop)
}

/// Removes all mail about an organization; answers how much there was.
pub(crate) async fn remove_of(db: &impl ConnectionTrait, tenant: TenantId) -> Result<u64, DbErr> {
    let of = Column::TenantId.eq(tenant);
    let removed = Entity::delete_many().filter(of).exec(db).await?;
    Ok(removed.rows_affected)
}

/// Drops what was sent more than `age` ago.
pub(crate) async fn forget_sent(
    db: &impl ConnectionTrait,
    now: DateTime<Utc>,
    age: TimeDelta,
) -> Result<(), DbErr> {
    let old = Column::SentAt.lt(now - age);
    Entity::delete_many().filter(old).exec(db).await.map(drop)
}
