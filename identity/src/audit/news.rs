//! What other services tell that belongs into the log: the end of projects, links and their rules, webhooks to the outside, and what
//! the operator does to an organization.

use std::sync::Arc;
use std::time::Duration;

use events::topic::link::{LinkCreated, LinkPolicyChanged, LinkRevoked, LinkUpdated};
use events::topic::project::ProjectDeleted;
use events::topic::tenant::{
    TenantDeletionScheduled, TenantLimitsChanged, TenantRenamed, TenantRestored, TenantResumed,
    TenantSuspended,
};
use events::topic::webhook::{WebhookCreated, WebhookDeleted, WebhookDisabled, WebhookUpdated};
use events::{Action, Amqp, Consumer, Envelope, Event, Queue};
use sea_orm::DbErr;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::store;
use crate::entity::audit_event;
use crate::state::Identity;

/// The queue all instances of this service share.
pub const QUEUE: &str = events::queues::IDENTITY_AUDIT;

/// Their data are ids, moments and subdomains, never names.
const TOLD: [&str; 15] = [
    ProjectDeleted::TYPE,
    LinkCreated::TYPE,
    LinkUpdated::TYPE,
    LinkRevoked::TYPE,
    LinkPolicyChanged::TYPE,
    TenantSuspended::TYPE,
    TenantResumed::TYPE,
    TenantRenamed::TYPE,
    TenantLimitsChanged::TYPE,
    TenantDeletionScheduled::TYPE,
    TenantRestored::TYPE,
    WebhookCreated::TYPE,
    WebhookUpdated::TYPE,
    WebhookDisabled::TYPE,
    WebhookDeleted::TYPE,
];

/// Between two tries while the database is away: an outage must not use up an event's deliveries.
const RETRY_PAUSE: Duration = Duration::from_secs(1);

/// The consumer of the log.
pub fn consumer(amqp: Amqp, queue: &str) -> Consumer {
    Consumer::new(amqp, Queue::work(queue, &TOLD))
}

/// Takes events in until shutdown; spawn it.
pub async fn run(identity: Arc<Identity>, consumer: Consumer, shutdown: CancellationToken) {
    let handler = move |batch: Vec<Envelope>| {
        let identity = Arc::clone(&identity);
        async move {
            let mut actions = Vec::with_capacity(batch.len());
            for envelope in &batch {
                actions.push(take(&identity, envelope).await);
            }
            actions
        }
    };
    consumer.run(handler, shutdown).await;
}

/// Takes an event in, however long the database is away; one that came before changes nothing.
pub async fn take(identity: &Identity, envelope: &Envelope) -> Action {
    if !TOLD.contains(&&*envelope.kind) {
        return Action::Ack;
    }
    while let Err(error) = write(identity, envelope).await {
        tracing::warn!(
            error = &error as &dyn std::error::Error,
            "an event of another service waits for the log"
        );
        sleep(RETRY_PAUSE).await;
    }
    Action::Ack
}

async fn write(identity: &Identity, envelope: &Envelope) -> Result<(), DbErr> {
    let row = audit_event::Model {
        id: envelope.id.uuid().into(),
        tenant_id: envelope.tenantid,
        actor_id: envelope.actorid,
        action: envelope.kind.to_string(),
        target_id: envelope.subject.as_deref().and_then(|id| id.parse().ok()),
        succeeded: true,
        address: None,
        user_agent: None,
        detail: envelope.raw_data().clone(),
        created_at: envelope.time,
    };
    store::insert_told(&identity.db, row).await
}
