//! Queries of what is to be sent.

use chrono::{DateTime, TimeDelta, Utc};
use events::Envelope;
use kernel::{DeliveryId, EventId, ProjectId, WebhookId};
use sea_orm::{ConnectionTrait, DbErr, FromQueryResult, raw_sql};
use uuid::Uuid;

use super::schedule::Next;
use super::send::Attempt;
use crate::webhook::{DeliveryState, DisabledReason, event};

/// How long a claim holds: longer than an attempt and the writing down of what became of it.
const CLAIMED_FOR: TimeDelta = TimeDelta::seconds(60);

/// A webhook is not noted to be well more often than this.
const WELL_EVERY: TimeDelta = TimeDelta::minutes(1);

/// A webhook that is switched on, and what it asked for.
#[derive(Debug, FromQueryResult)]
pub(super) struct Listener {
    pub(super) id: WebhookId,
    events: Vec<String>,
    project_id: Option<ProjectId>,
}

impl Listener {
    pub(super) fn hears(&self, envelope: &Envelope) -> bool {
        let asked = |pattern: &String| event::matches(pattern, &envelope.kind);
        self.events.iter().any(asked)
            && self
                .project_id
                .is_none_or(|project| event::is_of(envelope, project))
    }
}

/// An event that a webhook is to be told of.
pub(super) struct Told {
    pub(super) id: DeliveryId,
    pub(super) webhook: WebhookId,
    pub(super) event: EventId,
    pub(super) kind: String,
    pub(super) body: String,
}

/// A delivery that this process may send now, with what it takes.
#[derive(Debug, FromQueryResult)]
pub(super) struct Claimed {
    pub(super) id: DeliveryId,
    pub(super) webhook_id: WebhookId,
    pub(super) event_id: EventId,
    #[sea_orm(from_alias = "type")]
    pub(super) kind: String,
    pub(super) body: String,
    pub(super) tries: i32,
    /// Until when it is claimed; a later claim has another time.
    pub(super) due_at: DateTime<Utc>,
    pub(super) created_at: DateTime<Utc>,
    pub(super) url: String,
    pub(super) secret: Vec<u8>,
    pub(super) former_secret: Option<Vec<u8>>,
    pub(super) former_secret_until: Option<DateTime<Utc>>,
}

/// The webhooks that are switched on.
pub(super) async fn listeners(db: &impl ConnectionTrait) -> Result<Vec<Listener>, DbErr> {
    Listener::find_by_statement(raw_sql!(
        Postgres,
        "select id, events, project_id from webhooks where enabled"
    ))
    .all(db)
    .await
}

/// Writes down what is to be sent at once; what is there already stays as it is. Answers how many are new.
pub(super) async fn insert(
    db: &impl ConnectionTrait,
    told: &[Told],
    now: DateTime<Utc>,
) -> Result<u64, DbErr> {
    let ids: Vec<Uuid> = told.iter().map(|told| told.id.uuid()).collect();
    let webhooks: Vec<Uuid> = told.iter().map(|told| told.webhook.uuid()).collect();
    let events: Vec<Uuid> = told.iter().map(|told| told.event.uuid()).collect();
    let kinds: Vec<String> = told.iter().map(|told| told.kind.clone()).collect();
    let bodies: Vec<String> = told.iter().map(|told| told.body.clone()).collect();
    let insert = raw_sql!(
        Postgres,
        "insert into webhook_deliveries (id, webhook_id, event_id, type, body, due_at, created_at)
         select told.id, told.webhook_id, told.event_id, told.type, told.body, {now}, {now}
         from unnest({ids}::uuid[], {webhooks}::uuid[], {events}::uuid[], {kinds}::text[], {bodies}::text[])
             as told (id, webhook_id, event_id, type, body)
         join webhooks w on w.id = told.webhook_id and w.enabled
         on conflict (webhook_id, event_id) do nothing"
    );
    Ok(db.execute_raw(insert).await?.rows_affected())
}

/// Claims what is due: at most `most`, and of each webhook no more than `most_each` together with what of it is on its
/// way, of which `busy` has one entry each.
pub(super) async fn claim(
    db: &impl ConnectionTrait,
    busy: Vec<Uuid>,
    (most, most_each): (i64, i64),
    now: DateTime<Utc>,
) -> Result<Vec<Claimed>, DbErr> {
    let until = now + CLAIMED_FOR;
    Claimed::find_by_statement(raw_sql!(
        Postgres,
        "with due as (
             select d.id from webhooks w cross join lateral (
                 select d.id from webhook_deliveries d
                 where d.webhook_id = w.id and d.state = 'waiting' and d.due_at <= {now}
                 order by d.due_at
                 limit greatest(0, {most_each} - (select count(*) from unnest({busy}::uuid[]) as b (id) where b.id = w.id))
                 for update skip locked) d
             where w.enabled limit {most})
         update webhook_deliveries d set due_at = {until}
         from due, webhooks w
         where d.id = due.id and w.id = d.webhook_id
         returning d.id, d.webhook_id, d.event_id, d.type, d.body, d.tries, d.due_at, d.created_at,
             w.url, w.secret, w.former_secret, w.former_secret_until"
    ))
    .all(db)
    .await
}

/// When the next delivery is due, or a claim ends.
pub(super) async fn next_due(db: &impl ConnectionTrait) -> Result<Option<DateTime<Utc>>, DbErr> {
    let next = raw_sql!(
        Postgres,
        "select min(d.due_at) as due_at from webhooks w cross join lateral (
             select due_at from webhook_deliveries where webhook_id = w.id and state = 'waiting'
             order by due_at limit 1) d
         where w.enabled"
    );
    let row = db.query_one_raw(next).await?;
    row.map_or(Ok(None), |row| row.try_get("", "due_at"))
}

/// Writes down what became of an attempt, unless the claim had ended and another one was made. Answers whether it did.
pub(super) async fn settle(
    db: &impl ConnectionTrait,
    claimed: &Claimed,
    attempt: &Attempt,
    next: Next,
) -> Result<bool, DbErr> {
    let (state, due, finished) = match next {
        Next::Delivered => (DeliveryState::Delivered, None, Some(attempt.ended_at)),
        Next::Again(at) => (DeliveryState::Waiting, Some(at), None),
        Next::Over => (DeliveryState::Failed, None, Some(attempt.ended_at)),
    };
    let (id, claim, webhook) = (claimed.id, claimed.due_at, claimed.webhook_id);
    let (started, duration) = (attempt.started_at, attempt.duration_ms);
    let status = attempt.status.map(i32::from);
    let error = attempt.error.map(|error| error.to_string());
    let answer = attempt.answer.as_deref();
    let well = next == Next::Delivered;
    let (now, not_since) = (attempt.ended_at, attempt.ended_at - WELL_EVERY);
    let settle = raw_sql!(
        Postgres,
        "with settled as (
             update webhook_deliveries
             set state = {state}, due_at = {due}, finished_at = {finished}, tries = tries + 1, attempts = attempts + 1
             where id = {id} and state = 'waiting' and due_at = {claim}
             returning id, attempts
         ), well as (
             update webhooks set last_success_at = {now}
             where id = {webhook} and {well} and (last_success_at is null or last_success_at < {not_since})
         )
         insert into webhook_attempts (delivery_id, number, started_at, duration_ms, status, error, answer)
         select id, attempts, {started}, {duration}, {status}, {error}, {answer} from settled"
    );
    Ok(db.execute_raw(settle).await?.rows_affected() == 1)
}

/// Whether nothing has got through to the webhook since then.
pub(super) async fn is_failing_since(
    db: &impl ConnectionTrait,
    webhook: WebhookId,
    then: DateTime<Utc>,
) -> Result<bool, DbErr> {
    let not_since = then - WELL_EVERY;
    let failing = raw_sql!(
        Postgres,
        "select coalesce(last_success_at < {not_since}, true) as failing from webhooks where id = {webhook}"
    );
    let row = db.query_one_raw(failing).await?;
    row.map_or(Ok(false), |row| row.try_get("", "failing"))
}

/// Switches a webhook off; false when it is off already.
pub(super) async fn disable(
    db: &impl ConnectionTrait,
    webhook: WebhookId,
    reason: DisabledReason,
    now: DateTime<Utc>,
) -> Result<bool, DbErr> {
    let disable = raw_sql!(
        Postgres,
        "update webhooks set enabled = false, disabled_reason = {reason}, version = version + 1, updated_at = {now}
         where id = {webhook} and enabled"
    );
    Ok(db.execute_raw(disable).await?.rows_affected() == 1)
}
