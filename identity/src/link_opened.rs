//! Mail to who made a link and wants to know when it is opened for the first time. The shortener tells of it by an
//! event; the mail has the event's id, so that one told twice is sent once.

use std::sync::Arc;
use std::time::Duration;

use events::topic::link::LinkFirstOpened;
use events::{Action, Amqp, Consumer, Envelope, Event, Queue};
use httpkit::Problem;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::mail::{self, letters};
use crate::state::Identity;
use crate::{account, member, organization};

/// The queue all instances of this service share.
pub const QUEUE: &str = events::queues::IDENTITY_LINKS;

/// Between two tries while the database is away: an outage must not use up an event's deliveries.
const RETRY_PAUSE: Duration = Duration::from_secs(1);

/// The consumer of first opens.
pub fn consumer(amqp: Amqp, queue: &str) -> Consumer {
    Consumer::new(amqp, Queue::work(queue, &[LinkFirstOpened::TYPE]))
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
    let opened: LinkFirstOpened = match envelope.data() {
        Ok(opened) => opened,
        Err(error) => return Action::Dead(error.to_string().into()),
    };
    while let Err(problem) = tell(identity, envelope, &opened).await {
        tracing::warn!(code = problem.code(), "mail about a link waits");
        sleep(RETRY_PAUSE).await;
    }
    Action::Ack
}

/// Who has left, or whose account has ended, is told nothing.
async fn tell(
    identity: &Identity,
    envelope: &Envelope,
    opened: &LinkFirstOpened,
) -> Result<(), Problem> {
    let Some(tenant) = envelope.tenantid else {
        return Ok(());
    };
    let db = &identity.db;
    let person = account::store::active(db, opened.created_by).await?;
    let member = member::store::standing(db, tenant, opened.created_by).await?;
    let organization = organization::store::by_id(db, tenant).await?;
    let (Some(person), Some(_), Some(organization)) = (person, member, organization) else {
        return Ok(());
    };
    let letter = letters::LinkOpened {
        name: &person.name,
        organization: &organization.name,
        at: opened.opened_at.format("%-d %B %Y, %H:%M UTC").to_string(),
        url: identity.common.tenant_origin(&organization.subdomain),
    };
    let id = envelope.id.uuid();
    mail::post_once(identity, db, id, tenant, person.email, &letter).await?;
    identity.wake.mail.notify_one();
    Ok(())
}
