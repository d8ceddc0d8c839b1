//! People who leave an organization take their links along: nobody answers for them any more.

use std::sync::Arc;
use std::time::Duration;

use events::topic::user::MemberLeft;
use events::{Action, Amqp, Consumer, Envelope, Event, Queue};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::links::revoking::{made_by, revoke_all};
use crate::state::Shortener;

/// Between two tries while the database is away: an outage must not use up an event's deliveries.
const RETRY_PAUSE: Duration = Duration::from_secs(1);

/// The consumer of people who leave, on a queue that all instances share.
pub(crate) fn consumer(amqp: Amqp, queue: &str) -> Consumer {
    Consumer::new(amqp, Queue::work(queue, &[MemberLeft::TYPE]))
}

/// Listens until shutdown; spawn it.
pub(crate) async fn listen(
    shortener: Arc<Shortener>,
    consumer: Consumer,
    shutdown: CancellationToken,
) {
    let handler = move |batch: Vec<Envelope>| {
        let shortener = Arc::clone(&shortener);
        async move {
            let mut actions = Vec::with_capacity(batch.len());
            for envelope in &batch {
                actions.push(take(&shortener, envelope).await);
            }
            actions
        }
    };
    consumer.run(handler, shutdown).await;
}

/// Safe to repeat: what is taken back stays so.
async fn take(shortener: &Shortener, envelope: &Envelope) -> Action {
    let left: MemberLeft = match envelope.data() {
        Ok(left) => left,
        Err(error) => return Action::Dead(error.to_string().into()),
    };
    let Some(tenant) = envelope.tenantid else {
        return Action::Dead("event of no tenant".into());
    };
    loop {
        match revoke_all(shortener, tenant, None, made_by(left.user_id)).await {
            Ok(0) => return Action::Ack,
            Ok(links) => {
                tracing::info!(tenant.id = %tenant, user.id = %left.user_id, links, "links of who left are taken back");
                return Action::Ack;
            }
            Err(problem) => {
                tracing::warn!(
                    code = problem.code(),
                    "links of who left wait to be taken back"
                );
                sleep(RETRY_PAUSE).await;
            }
        }
    }
}
