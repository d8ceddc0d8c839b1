//! Queries of the log: what was sent to a webhook, and what became of it.

use chrono::{DateTime, Utc};
use kernel::{DeliveryId, EventId, WebhookId};
use sea_orm::{ConnectionTrait, DbErr, FromQueryResult, raw_sql};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Attempts that one delivery shows, the newest.
const ATTEMPTS_SHOWN: i64 = 50;

/// How it stands.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    sea_orm::DeriveValueType,
    ToSchema,
    strum::Display,
    strum::EnumString,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[sea_orm(value_type = "String")]
pub(crate) enum DeliveryState {
    /// To be sent, for the first time or again.
    Waiting,
    /// The receiver said 2xx.
    Delivered,
    /// Given up.
    Failed,
}

/// One event for one webhook.
#[derive(FromQueryResult)]
pub(super) struct DeliveryRow {
    pub(super) id: DeliveryId,
    pub(super) event_id: EventId,
    #[sea_orm(from_alias = "type")]
    pub(super) kind: String,
    pub(super) body: String,
    pub(super) state: DeliveryState,
    pub(super) attempts: i32,
    pub(super) due_at: Option<DateTime<Utc>>,
    pub(super) created_at: DateTime<Utc>,
    pub(super) finished_at: Option<DateTime<Utc>>,
}

/// One event for one webhook, and its attempts.
#[derive(FromQueryResult)]
pub(super) struct LoggedRow {
    #[sea_orm(nested)]
    pub(super) delivery: DeliveryRow,
    pub(super) attempt_log: serde_json::Value,
}

/// One request to a receiver.
#[derive(Serialize, Deserialize, ToSchema)]
pub(super) struct Attempt {
    /// Counts from 1.
    number: i32,
    started_at: DateTime<Utc>,
    duration_ms: i32,
    /// What the receiver answered; null where no answer came.
    status: Option<i32>,
    /// Why it was no success: `address_refused`, `connection_failed`, `timeout`, `interrupted`, `redirect`, `status` or
    /// `secret_lost`; null for a success.
    error: Option<String>,
    /// How the answer begins, where it was no success.
    answer: Option<String>,
}

/// A page of a webhook's deliveries, the newest first.
pub(super) async fn page(
    db: &impl ConnectionTrait,
    webhook: WebhookId,
    state: Option<DeliveryState>,
    before: Option<(DateTime<Utc>, DeliveryId)>,
    limit: i64,
) -> Result<Vec<DeliveryRow>, DbErr> {
    let (time, id) = before.unzip();
    DeliveryRow::find_by_statement(raw_sql!(
        Postgres,
        "select * from webhook_deliveries
         where webhook_id = {webhook} and ({state}::text is null or state = {state})
             and ({time}::timestamptz is null or (created_at, id) < ({time}, {id}))
         order by created_at desc, id desc limit {limit}"
    ))
    .all(db)
    .await
}

/// One of the webhook's deliveries.
pub(super) async fn one(
    db: &impl ConnectionTrait,
    webhook: WebhookId,
    id: DeliveryId,
) -> Result<Option<DeliveryRow>, DbErr> {
    DeliveryRow::find_by_statement(raw_sql!(
        Postgres,
        "select * from webhook_deliveries where id = {id} and webhook_id = {webhook}"
    ))
    .one(db)
    .await
}

/// One of the webhook's deliveries with its attempts, the newest first.
pub(super) async fn with_attempts(
    db: &impl ConnectionTrait,
    webhook: WebhookId,
    id: DeliveryId,
) -> Result<Option<LoggedRow>, DbErr> {
    LoggedRow::find_by_statement(raw_sql!(
        Postgres,
        "select d.*, (
             select coalesce(json_agg(a), '[]') from (
                 select number, started_at, duration_ms, status, error, answer from webhook_attempts
                 where delivery_id = {id} order by number desc limit {ATTEMPTS_SHOWN}) a) as attempt_log
         from webhook_deliveries d where d.id = {id} and d.webhook_id = {webhook}"
    ))
    .one(db)
    .await
}

/// What the test button sends.
pub(super) struct Test<'a> {
    pub(super) id: DeliveryId,
    pub(super) event_id: EventId,
    pub(super) kind: &'a str,
    pub(super) body: &'a str,
}

/// Writes a test down to be sent.
pub(super) async fn insert(
    db: &impl ConnectionTrait,
    webhook: WebhookId,
    test: &Test<'_>,
    now: DateTime<Utc>,
) -> Result<Option<DeliveryRow>, DbErr> {
    let (id, event, kind, body) = (test.id, test.event_id, test.kind, test.body);
    DeliveryRow::find_by_statement(raw_sql!(
        Postgres,
        "insert into webhook_deliveries (id, webhook_id, event_id, type, body, due_at, created_at)
         values ({id}, {webhook}, {event}, {kind}, {body}, {now}, {now}) returning *"
    ))
    .one(db)
    .await
}

/// Lets one that is over wait again, from the first try on. None when it waits already.
pub(super) async fn restart(
    db: &impl ConnectionTrait,
    id: DeliveryId,
    now: DateTime<Utc>,
) -> Result<Option<DeliveryRow>, DbErr> {
    DeliveryRow::find_by_statement(raw_sql!(
        Postgres,
        "update webhook_deliveries set state = 'waiting', tries = 0, due_at = {now}, finished_at = null
         where id = {id} and state <> 'waiting' returning *"
    ))
    .one(db)
    .await
}
