//! HTTP of what was sent: the log, sending again, and the test button.

use chrono::{DateTime, Utc};
use httpkit::{Created, Json, ListQuery, PageRequest, Path, Problem};
use kernel::{DeliveryId, EventId, Page, WebhookId};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};

use super::deliveries::{self, Attempt, DeliveryRow, DeliveryState, Test};
use super::event;
use super::store::WebhookRow;
use crate::access::{Access, Read, Write};
use crate::api::{ReadProblems, WriteProblems};
use crate::tenant::Tenant;

/// Which deliveries are listed.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct DeliveryFilter {
    /// Those that stand like this.
    state: Option<DeliveryState>,
}

/// The path of one delivery.
#[derive(Deserialize)]
pub(super) struct Named {
    delivery_id: DeliveryId,
}

/// One event for one webhook.
#[derive(Serialize, ToSchema)]
pub(super) struct DeliverySummary {
    id: DeliveryId,
    /// The event, also the header `webhook-id`: the same however often it is sent.
    event_id: EventId,
    /// The event's type.
    #[serde(rename = "type")]
    kind: String,
    state: DeliveryState,
    /// How often it was tried.
    attempts: i32,
    /// When it is tried next; null when it is over.
    next_attempt_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    /// When it was delivered or given up.
    finished_at: Option<DateTime<Utc>>,
}

/// A delivery with all that is known of it.
#[derive(Serialize, ToSchema)]
pub(super) struct Delivery {
    #[serde(flatten)]
    summary: DeliverySummary,
    /// What is sent.
    #[schema(value_type = Object)]
    body: Value,
    /// The newest 50 requests, the last one first.
    attempt_log: Vec<Attempt>,
}

impl From<DeliveryRow> for DeliverySummary {
    fn from(row: DeliveryRow) -> Self {
        Self {
            id: row.id,
            event_id: row.event_id,
            kind: row.kind,
            state: row.state,
            attempts: row.attempts,
            next_attempt_at: row.due_at,
            created_at: row.created_at,
            finished_at: row.finished_at,
        }
    }
}

/// List what was sent to a webhook
///
/// The newest first. What was delivered is kept for 30 days, everything else for 90.
#[utoipa::path(get, path = "/webhooks/{id}/deliveries", tag = "webhooks",
    params(("id" = WebhookId, Path), PageRequest, DeliveryFilter),
    responses((status = 200, description = "a page of deliveries", body = Page<DeliverySummary>), ReadProblems))]
pub(super) async fn list_deliveries(
    access: Access<WebhookRow, Read>,
    ListQuery { page, filter }: ListQuery<DeliveryFilter>,
) -> Result<Json<Page<DeliverySummary>>, Problem> {
    let (before, limit) = (page.after()?, i64::from(page.limit) + 1);
    let connection = access.tenant.read().await?;
    let webhook = access.thing.0.id;
    let rows = deliveries::page(&connection, webhook, filter.state, before, limit).await?;
    let key = |row: &DeliveryRow| (row.created_at, row.id);
    Ok(Json(Page::of(rows, page.limit, key, DeliverySummary::from)))
}

/// Get a delivery
///
/// With what is sent, and what became of each attempt.
#[utoipa::path(get, path = "/webhooks/{id}/deliveries/{delivery_id}", tag = "webhooks",
    params(("id" = WebhookId, Path), ("delivery_id" = DeliveryId, Path)),
    responses((status = 200, description = "the delivery", body = Delivery), ReadProblems))]
pub(super) async fn get_delivery(
    access: Access<WebhookRow, Read>,
    Path(Named { delivery_id }): Path<Named>,
) -> Result<Json<Delivery>, Problem> {
    let connection = access.tenant.read().await?;
    let webhook = access.thing.0.id;
    let found = deliveries::with_attempts(&connection, webhook, delivery_id).await?;
    let row = found.ok_or_else(Problem::not_found)?;
    Ok(Json(Delivery {
        body: serde_json::from_str(&row.delivery.body).map_err(Problem::internal)?,
        attempt_log: serde_json::from_value(row.attempt_log).map_err(Problem::internal)?,
        summary: row.delivery.into(),
    }))
}

/// Send a delivery again
///
/// One that is over, with the same id, at once and as often as a new one. 409 while it waits anyway, or its webhook is
/// switched off.
#[utoipa::path(post, path = "/webhooks/{id}/deliveries/{delivery_id}/resend", tag = "webhooks",
    params(("id" = WebhookId, Path), ("delivery_id" = DeliveryId, Path)),
    responses((status = 200, description = "the delivery", body = DeliverySummary), WriteProblems))]
pub(super) async fn resend_delivery(
    access: Access<WebhookRow, Write>,
    Path(Named { delivery_id }): Path<Named>,
) -> Result<Json<DeliverySummary>, Problem> {
    let (tenant, webhook) = (&access.tenant, &access.thing);
    let unit = tenant.begin().await?;
    let found = deliveries::one(&unit, webhook.0.id, delivery_id).await?;
    found.ok_or_else(Problem::not_found)?;
    must_be_on(webhook)?;
    let restarted = deliveries::restart(&unit, delivery_id, tenant.now()).await?;
    let row = restarted.ok_or_else(|| {
        Problem::conflict(
            "delivery_waiting",
            "it is being sent; see `next_attempt_at`",
        )
    })?;
    unit.commit().await?;
    note(tenant);
    Ok(Json(row.into()))
}

/// Send a test
///
/// An event of type `webhook.test`, tried once; look at the delivery for what became of it.
#[utoipa::path(post, path = "/webhooks/{id}/test", tag = "webhooks", params(("id" = WebhookId, Path)),
    responses((status = 201, description = "the delivery", body = DeliverySummary), WriteProblems))]
pub(super) async fn test_webhook(
    access: Access<WebhookRow, Write>,
) -> Result<Created<Json<DeliverySummary>>, Problem> {
    let (tenant, webhook) = (&access.tenant, &access.thing);
    must_be_on(webhook)?;
    let (id, now) = (webhook.0.id, tenant.now());
    let data = json!({
        "webhook_id": id, "organization_id": tenant.member.tenant, "actor_id": tenant.user(),
    });
    let body = json!({"type": event::TEST, "timestamp": now, "data": data}).to_string();
    let test = Test {
        id: tenant.next_id(),
        event_id: tenant.next_id(),
        kind: event::TEST,
        body: &body,
    };
    let unit = tenant.begin().await?;
    let written = deliveries::insert(&unit, id, &test, now).await?;
    let row = written.ok_or_else(Problem::not_found)?;
    unit.commit().await?;
    note(tenant);
    Ok(Created {
        location: format!("/api/v1/webhooks/{id}/deliveries/{}", row.id),
        body: Json(row.into()),
    })
}

fn must_be_on(webhook: &WebhookRow) -> Result<(), Problem> {
    if webhook.0.enabled {
        return Ok(());
    }
    let detail = "the webhook is switched off; switch it on first";
    Err(Problem::conflict("webhook_disabled", detail))
}

/// After the commit: what a crash in between forgets, the next look at all tenants finds.
fn note(tenant: &Tenant) {
    let due = &tenant.state().webhooks.due;
    due.note(tenant.member.tenant, tenant.now());
}
