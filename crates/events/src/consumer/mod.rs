//! Takes events from a queue in batches and does with each what the handler decides.
//!
//! The handler is a pure step from envelopes to actions as far as AMQP goes: it sees no connection.
//! Whatever it does, nothing here panics and a poison message ends in the dead-letter queue. Handlers
//! commit first and answer [`Action::Ack`] afterwards, let a known id change nothing, and depend on no order
//! beyond what they wait for themselves.

mod decide;
mod failures;
mod settle;

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use futures::{FutureExt, StreamExt};
use lapin::message::Delivery;
use lapin::options::{BasicConsumeOptions, BasicQosOptions, ConfirmSelectOptions};
use lapin::types::FieldTable;
use lapin::{Channel, Connection};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

pub use decide::Action;
use decide::decide;
pub use failures::{Failure, Failures};
use settle::settle;

use crate::amqp::{self, Amqp, AmqpError, BrokerState};
use crate::topology::{self, EVENTS_EXCHANGE};
use crate::{BoxError, Envelope};

/// The size of a full batch, unless the queue says another.
const BATCH: u16 = 250;

/// Batches that may be on the way to one consumer: the next one is here when one is done. Not more, since all of
/// their events count a delivery when a consumer is lost.
const PREFETCHED_BATCHES: u16 = 2;

/// Wait for a batch to fill.
const LINGER: Duration = Duration::from_millis(20);

/// Pauses before each further try of a message; after the last one it is dead.
const RETRY_PAUSES: [Duration; 4] = [
    Duration::from_secs(1),
    Duration::from_secs(10),
    Duration::from_mins(1),
    Duration::from_mins(10),
];

/// How often the dead messages of a queue are counted.
const DEAD_CHECK_INTERVAL: Duration = Duration::from_secs(15);

/// Time for a batch under way, and for the broker's good-bye, at shutdown.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(5);

/// A queue and what it is bound to.
#[derive(Debug, Clone)]
pub struct Queue {
    name: String,
    /// The name in metrics: what comes before the part that tells a live queue from others.
    label: String,
    bindings: Vec<&'static str>,
    durable: bool,
    batch: u16,
    linger: Duration,
    pauses: Vec<Duration>,
    one_at_a_time: bool,
}

impl Queue {
    /// A replicated queue shared by all instances of a service. What fails is tried again after a second, ten,
    /// a minute and ten minutes; what they give up on goes to `<name>.dead`.
    pub fn work(name: &str, bindings: &[&'static str]) -> Self {
        Self {
            name: name.to_owned(),
            label: name.to_owned(),
            bindings: bindings.to_vec(),
            durable: true,
            batch: BATCH,
            linger: LINGER,
            pauses: RETRY_PAUSES.to_vec(),
            one_at_a_time: false,
        }
    }

    /// Other pauses before each further try.
    #[must_use]
    pub fn tried_after(mut self, pauses: &[Duration]) -> Self {
        self.pauses = pauses.to_vec();
        self
    }

    /// So many events in a full batch: more where a batch costs much and an event little.
    #[must_use]
    pub fn in_batches_of(mut self, events: u16) -> Self {
        self.batch = events;
        self
    }

    /// A queue of this instance alone that is gone with its connection. The name ends with a dot and what makes it
    /// this instance's own.
    pub fn live(name: &str, bindings: &[&'static str]) -> Self {
        let kind = name.rsplit_once('.').map_or(name, |(kind, _own)| kind);
        Self {
            name: name.to_owned(),
            label: kind.to_owned(),
            bindings: bindings.to_vec(),
            durable: false,
            batch: BATCH,
            linger: Duration::ZERO,
            pauses: Vec::new(),
            one_at_a_time: false,
        }
    }

    /// Of all instances one has the events of this work queue, in their order, until it goes: for a handler whose memory
    /// an earlier event may have made stale.
    #[must_use]
    pub fn one_at_a_time(mut self) -> Self {
        self.one_at_a_time = true;
        self
    }
}

type Prepare = Arc<dyn Fn() -> BoxFuture<'static, Result<(), BoxError>> + Send + Sync>;

/// A consumer of one queue.
#[derive(Clone)]
pub struct Consumer {
    amqp: Amqp,
    queue: Queue,
    state: BrokerState,
    prepare: Option<Prepare>,
}

impl Consumer {
    /// A consumer that has no connection yet; [`Consumer::run`] makes it and keeps it.
    pub fn new(amqp: Amqp, queue: Queue) -> Self {
        Self {
            amqp,
            queue,
            state: BrokerState::default(),
            prepare: None,
        }
    }

    /// Does this after the queue is bound and before its first delivery, on every (re)connection: the
    /// place to fetch what was missed meanwhile. If it fails, the connection is made anew.
    #[must_use]
    pub fn on_connected<F, Fut>(mut self, prepare: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), BoxError>> + Send + 'static,
    {
        self.prepare = Some(Arc::new(move || prepare().boxed()));
        self
    }

    /// Whether the connection stands.
    pub fn state(&self) -> BrokerState {
        self.state.clone()
    }

    /// Consumes until shutdown; spawn it. The handler answers one action per envelope, in order; a
    /// missing answer means [`Action::Retry`].
    pub async fn run<F, Fut>(self, handler: F, shutdown: CancellationToken)
    where
        F: Fn(Vec<Envelope>) -> Fut + Send + Sync,
        Fut: Future<Output = Vec<Action>> + Send,
    {
        amqp::supervise(&self.queue.label, &self.state, &shutdown, || {
            self.session(&handler, &shutdown)
        })
        .await;
    }

    async fn session<F, Fut>(
        &self,
        handler: &F,
        shutdown: &CancellationToken,
    ) -> Result<(), AmqpError>
    where
        F: Fn(Vec<Envelope>) -> Fut + Send + Sync,
        Fut: Future<Output = Vec<Action>> + Send,
    {
        let connection = self.amqp.connect().await?;
        let channel = connection.create_channel().await?;
        let mut deliveries = self.subscribe(&channel).await?;
        self.state.set(true);
        tracing::info!(queue = %self.queue.name, "consumer is connected");
        let mut lost = std::pin::pin!(async {
            tokio::select! {
                error = amqp::lost(&connection, &channel) => error,
                error = self.watch_dead(&channel) => error,
            }
        });
        loop {
            let batch = tokio::select! {
                () = shutdown.cancelled() => break,
                error = &mut lost => return Err(error),
                batch = next_batch(&mut deliveries, &self.queue) => batch?,
            };
            let done = tokio::select! {
                actions = decide(handler, payloads(&batch)) => settle(&self.queue, &channel, batch, actions, shutdown).await,
                () = grace(shutdown) => break,
            };
            done?;
        }
        close(&connection).await;
        Ok(())
    }

    /// Keeps telling how much of this queue is dead; returns when the broker does not answer that.
    async fn watch_dead(&self, channel: &Channel) -> AmqpError {
        if !self.queue.durable {
            return std::future::pending().await;
        }
        let mut check = tokio::time::interval(DEAD_CHECK_INTERVAL);
        loop {
            check.tick().await;
            match topology::declare_dead_queue(channel, &self.queue.name).await {
                Ok(dead) => metrics::gauge!("dead_events", "queue" => self.queue.label.clone())
                    .set(f64::from(dead)),
                Err(error) => return error,
            }
        }
    }

    async fn subscribe(&self, channel: &Channel) -> Result<lapin::Consumer, AmqpError> {
        topology::declare_exchanges(channel).await?;
        let name = self.queue.name.as_str();
        if self.queue.durable {
            topology::declare_work_queue(channel, name, self.queue.one_at_a_time).await?;
        } else {
            topology::declare_live_queue(channel, name).await?;
        }
        for key in &self.queue.bindings {
            topology::bind(channel, name, EVENTS_EXCHANGE, key).await?;
        }
        if let Some(prepare) = &self.prepare {
            prepare().await.map_err(AmqpError::Prepare)?;
        }
        channel
            .confirm_select(ConfirmSelectOptions::default())
            .await?;
        let qos = BasicQosOptions::default();
        let prefetch = self.queue.batch.saturating_mul(PREFETCHED_BATCHES);
        channel.basic_qos(prefetch, qos).await?;
        let options = BasicConsumeOptions::default();
        let deliveries = channel
            .basic_consume(name.into(), "".into(), options, FieldTable::default())
            .await?;
        Ok(deliveries)
    }
}

impl fmt::Debug for Consumer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Consumer({} of {:?})", self.queue.name, self.amqp)
    }
}

fn payloads(batch: &[Delivery]) -> Vec<&[u8]> {
    batch.iter().map(|delivery| &*delivery.data).collect()
}

/// The first delivery, and what else comes in while the batch is held open.
async fn next_batch(
    deliveries: &mut lapin::Consumer,
    queue: &Queue,
) -> Result<Vec<Delivery>, AmqpError> {
    let first = deliveries.next().await.ok_or(AmqpError::Lost)??;
    let mut batch = vec![first];
    let mut full = std::pin::pin!(sleep(queue.linger));
    while batch.len() < usize::from(queue.batch) {
        tokio::select! {
            biased;
            next = deliveries.next() => batch.push(next.ok_or(AmqpError::Lost)??),
            () = &mut full => break,
        }
    }
    Ok(batch)
}

async fn grace(shutdown: &CancellationToken) {
    shutdown.cancelled().await;
    sleep(SHUTDOWN_GRACE).await;
}

async fn close(connection: &Connection) {
    // The process ends anyway; a broker that does not answer must not hold it up.
    let _ = timeout(SHUTDOWN_GRACE, connection.close(200, "shutdown".into())).await;
}
