//! Mail to whoever a scheduled report is for. Analytics tells each of them by an event of their own; the mail has the
//! event's id, so that one told twice is sent once.

use std::sync::Arc;
use std::time::Duration;

use events::topic::report::ReportReady;
use events::{Action, Amqp, Consumer, Envelope, Event, Queue};
use httpkit::Problem;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::mail::{self, letters};
use crate::state::Identity;
use crate::{account, member, organization};

/// The queue all instances of this service share.
pub const QUEUE: &str = events::queues::IDENTITY_REPORTS;

/// Between two tries while the database is away: an outage must not use up an event's deliveries.
const RETRY_PAUSE: Duration = Duration::from_secs(1);

/// The consumer of reports that are ready.
pub fn consumer(amqp: Amqp, queue: &str) -> Consumer {
    Consumer::new(amqp, Queue::work(queue, &[ReportReady::TYPE]))
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
    let ready: ReportReady = match envelope.data() {
        Ok(ready) => ready,
        Err(error) => return Action::Dead(error.to_string().into()),
    };
    while let Err(problem) = tell(identity, envelope, &ready).await {
        tracing::warn!(code = problem.code(), "mail about a report waits");
        sleep(RETRY_PAUSE).await;
    }
    Action::Ack
}

/// Who has left, or whose account has ended, is told nothing.
async fn tell(
    identity: &Identity,
    envelope: &Envelope,
    ready: &ReportReady,
) -> Result<(), Problem> {
    let Some(tenant) = envelope.tenantid else {
        return Ok(());
    };
    let db = &identity.db;
    let person = account::store::active(db, ready.recipient_id).await?;
    let member = member::store::standing(db, tenant, ready.recipient_id).await?;
    let organization = organization::store::by_id(db, tenant).await?;
    let (Some(person), Some(_), Some(organization)) = (person, member, organization) else {
        return Ok(());
    };
    let origin = identity.common.tenant_origin(&organization.subdomain);
    let origin = origin.trim_end_matches('/');
    let report = ready.report_id;
    let letter = letters::ReportReady {
        name: &person.name,
        organization: &organization.name,
        at: ready.ready_at.format("%-d %B %Y, %H:%M UTC").to_string(),
        expires: ready.expires_at.format("%-d %B %Y").to_string(),
        url: format!("{origin}/api/v1/analytics/reports/{report}/export?format=csv"),
    };
    let id = envelope.id.uuid();
    mail::post_once(identity, db, id, tenant, person.email, &letter).await?;
    identity.wake.mail.notify_one();
    Ok(())
}
