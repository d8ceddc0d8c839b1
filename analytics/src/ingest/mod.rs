//! Taking events in: what each says (`fact`), what is known of a task afterwards (`task`), which numbers
//! that moves (`fold`, `rollups`), and one transaction for a batch of them (`store`).
//!
//! Rollups are sums over task states: an increment is what the new state contributes less what the old
//! one did. So they stay right whatever the order of events, and can be rebuilt.

mod fact;
mod fold;
pub(crate) mod numbers;
mod path;
mod rollups;
mod since;
mod store;
mod task;

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};
use events::{Action, Amqp, Consumer, Envelope, Queue};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

pub(crate) use self::fact::Fact;
pub(crate) use self::task::is_open;

use crate::store::{Store, StoreError};

/// What dashboards are made of, and what later ones may be.
const BINDINGS: [&str; 6] = [
    "task.#",
    "project.#",
    "link.#",
    "member.#",
    "user.#",
    "tenant.#",
];

/// Events of one transaction, where so many wait: its commit and its questions cost the same for one.
const BATCH: u16 = 1_000;

/// Time for one transaction; MongoDB ends those of a minute by itself, or of `transactionLifetimeLimitSeconds`.
const TRANSACTION_TIMEOUT: Duration = Duration::from_secs(10);

const RETRY_MIN: Duration = Duration::from_millis(50);
const RETRY_MAX: Duration = Duration::from_secs(5);

/// The consumer of this service.
pub fn consumer(amqp: Amqp, queue: &str) -> Consumer {
    let queue = Queue::work(queue, &BINDINGS).in_batches_of(BATCH);
    Consumer::new(amqp, queue)
}

/// Takes events in until shutdown; spawn it.
pub async fn run(store: Store, consumer: Consumer, shutdown: CancellationToken) {
    tokio::select! {
        () = shutdown.cancelled() => return,
        _ = persist(|| store.prepare()) => {}
    }
    let handler = |batch| {
        let store = store.clone();
        async move { take_in(&store, batch).await }
    };
    consumer.run(handler, shutdown).await;
}

/// Takes a batch in. Waits as long as MongoDB is away: an outage must not use up deliveries.
pub async fn take_in(store: &Store, batch: Vec<Envelope>) -> Vec<Action> {
    let facts: Vec<_> = batch.iter().map(Fact::of).collect();
    let known: Vec<(&Envelope, &Fact)> = batch
        .iter()
        .zip(&facts)
        .filter_map(|(envelope, fact)| Some((envelope, fact.as_ref().ok()?)))
        .collect();
    let mut written = write(store, &known).await.into_iter();
    facts
        .iter()
        .filter_map(|fact| match fact {
            Ok(_) => written.next(),
            Err(error) => Some(Action::Dead(error.to_string().into())),
        })
        .collect()
}

/// Writes all in one transaction; if that is hopeless, each in its own, so that only the one at fault
/// is left behind.
async fn write(store: &Store, batch: &[(&Envelope, &Fact)]) -> Vec<Action> {
    if persist(|| write_once(store, batch)).await.is_ok() {
        metrics::counter!("ingested_events_total").increment(batch.len() as u64);
        return vec![Action::Ack; batch.len()];
    }
    let mut actions = Vec::with_capacity(batch.len());
    for one in batch {
        let outcome = persist(|| write_once(store, std::slice::from_ref(one))).await;
        actions.push(match outcome {
            Ok(()) => Action::Ack,
            Err(error) => Action::Retry(error.to_string().into()),
        });
    }
    actions
}

async fn write_once(store: &Store, batch: &[(&Envelope, &Fact)]) -> Result<(), StoreError> {
    timeout(TRANSACTION_TIMEOUT, store::write(store, batch))
        .await
        .unwrap_or(Err(StoreError::Timeout))
}

/// Tries until it works or cannot work.
async fn persist<F>(mut attempt: impl FnMut() -> F) -> Result<(), StoreError>
where
    F: Future<Output = Result<(), StoreError>>,
{
    let policy = ExponentialBuilder::default()
        .with_min_delay(RETRY_MIN)
        .with_max_delay(RETRY_MAX)
        .without_max_times()
        .with_jitter();
    let mut pauses = policy.build();
    loop {
        let Err(error) = attempt().await else {
            return Ok(());
        };
        if error.hopeless() {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "events cannot be stored"
            );
            return Err(error);
        }
        tracing::warn!(
            error = &error as &dyn std::error::Error,
            "events are not stored yet"
        );
        sleep(pauses.next().unwrap_or(RETRY_MAX)).await;
    }
}

/// A stored event with what it says; none if it says nothing that is understood.
pub(crate) fn understand(event: serde_json::Value) -> Option<(Envelope, Fact)> {
    let envelope: Envelope = serde_json::from_value(event).ok()?;
    let fact = Fact::of(&envelope).ok()?;
    Some((envelope, fact))
}
