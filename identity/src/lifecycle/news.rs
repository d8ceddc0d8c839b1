//! What identity learns of tenants from events: another subdomain, and the end.

use std::sync::Arc;
use std::time::Duration;

use events::topic::tenant::{TenantDeleted, TenantRenamed};
use events::{Action, Amqp, Consumer, Envelope, EnvelopeError, Event, Queue};
use sea_orm::DbErr;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::erase;
use crate::organization;
use crate::state::Identity;

/// The queue all instances of this service share.
pub const QUEUE: &str = events::queues::IDENTITY_TENANTS;

/// Between two tries while the database is away: an outage must not use up an event's deliveries.
const RETRY_PAUSE: Duration = Duration::from_secs(1);

/// Why an event was not taken in.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Malformed(#[from] EnvelopeError),
    #[error("write what a tenant's event tells")]
    Database(#[from] DbErr),
}

/// The consumer of this service.
pub fn consumer(amqp: Amqp, queue: &str) -> Consumer {
    let bindings = [TenantRenamed::TYPE, TenantDeleted::TYPE];
    Consumer::new(amqp, Queue::work(queue, &bindings))
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

/// Takes an event in, however long the database is away.
pub async fn take(identity: &Identity, envelope: &Envelope) -> Action {
    loop {
        match try_take(identity, envelope).await {
            Ok(()) => return Action::Ack,
            Err(failure @ Failure::Malformed(_)) => {
                return Action::Dead(failure.to_string().into());
            }
            Err(failure @ Failure::Database(_)) => {
                tracing::warn!(
                    error = &failure as &dyn std::error::Error,
                    "news of a tenant waits"
                );
                sleep(RETRY_PAUSE).await;
            }
        }
    }
}

async fn try_take(identity: &Identity, envelope: &Envelope) -> Result<(), Failure> {
    if envelope.is::<TenantRenamed>() {
        let renamed: TenantRenamed = envelope.data()?;
        let (tenant, name) = (renamed.tenant_id, &renamed.subdomain);
        organization::store::rename(&identity.db, tenant, name, envelope.time).await?;
    } else if envelope.is::<TenantDeleted>() {
        let deleted: TenantDeleted = envelope.data()?;
        erase::erase(identity, deleted.tenant_id).await?;
    }
    Ok(())
}
