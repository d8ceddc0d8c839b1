//! The connection to RabbitMQ.
//!
//! Reconnecting is ours, not lapin's: whoever holds a connection runs it in `supervise` and starts
//! from nothing after each loss.

use std::fmt;
use std::future::Future;
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};
use futures::StreamExt;
use lapin::uri::AMQPUri;
use lapin::{Channel, Connection, ConnectionProperties, Event};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

/// Time for a broker to take a connection; one under an alarm may not answer at all.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Seconds between heartbeats, so that a half-open connection is noticed in twenty.
const HEARTBEAT_SECONDS: u16 = 10;

/// How often a connection is looked at beside waiting for its events.
const CHECK_INTERVAL: Duration = Duration::from_secs(1);

const RECONNECT_MIN: Duration = Duration::from_millis(100);
const RECONNECT_MAX: Duration = Duration::from_secs(5);

/// A connection that lived this long was a good one: the back-off begins anew.
const STABLE_AFTER: Duration = Duration::from_secs(10);

/// Where the broker is and how this service calls itself there.
#[derive(Clone)]
pub struct Amqp {
    uri: AMQPUri,
    name: String,
}

/// What goes wrong with the broker.
#[derive(Debug, thiserror::Error)]
pub enum AmqpError {
    /// The address in the settings is none.
    #[error("read broker address: {0}")]
    Address(String),
    /// It did not answer in time.
    #[error("broker did not answer in time")]
    Timeout,
    /// The connection was lost.
    #[error("broker connection was lost")]
    Lost,
    /// No queue took what must not be lost.
    #[error("broker kept a message nowhere")]
    NotKept,
    /// An event cannot be sent under this name.
    #[error("event type {0:?} is no routing key")]
    RoutingKey(String),
    /// No queue can have such a name.
    #[error("name of a queue is too long")]
    QueueName,
    /// A step that must precede the first delivery failed.
    #[error("prepare consumer")]
    Prepare(#[source] crate::BoxError),
    /// Said by the client library or by the broker.
    #[error("talk to broker")]
    Client(#[from] lapin::Error),
}

impl Amqp {
    /// Takes an `amqp://` or `amqps://` address and the name to show in the broker's list.
    pub fn new(address: &str, name: &str) -> Result<Self, AmqpError> {
        let mut uri: AMQPUri = address.parse().map_err(AmqpError::Address)?;
        uri.query.heartbeat.get_or_insert(HEARTBEAT_SECONDS);
        Ok(Self {
            uri,
            name: name.to_owned(),
        })
    }

    pub(crate) async fn connect(&self) -> Result<Connection, AmqpError> {
        let properties =
            ConnectionProperties::default().with_connection_name(self.name.as_str().into());
        let connecting = Connection::connect_uri(self.uri.clone(), properties);
        let connection = timeout(CONNECT_TIMEOUT, connecting)
            .await
            .map_err(|_elapsed| AmqpError::Timeout)??;
        Ok(connection)
    }
}

impl fmt::Debug for Amqp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Amqp({} as {})", self.uri.authority.host, self.name)
    }
}

/// Whether the connection stands; for readiness, which is degraded without it, not dead.
#[derive(Debug, Clone)]
pub struct BrokerState(watch::Sender<bool>);

impl Default for BrokerState {
    fn default() -> Self {
        Self(watch::Sender::new(false))
    }
}

impl BrokerState {
    /// Whether the connection stands now.
    pub fn connected(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits until it stands.
    pub async fn wait_connected(&self) {
        // The sender is in self, so the channel cannot be closed.
        let _ = self.0.subscribe().wait_for(|connected| *connected).await;
    }

    pub(crate) fn set(&self, connected: bool) {
        self.0.send_replace(connected);
    }
}

/// Runs one connection's life again and again, with growing pauses after failures, until shutdown.
pub(crate) async fn supervise<F>(
    what: &str,
    state: &BrokerState,
    shutdown: &CancellationToken,
    mut session: impl FnMut() -> F,
) where
    F: Future<Output = Result<(), AmqpError>>,
{
    let policy = ExponentialBuilder::default()
        .with_min_delay(RECONNECT_MIN)
        .with_max_delay(RECONNECT_MAX)
        .without_max_times()
        .with_jitter();
    let mut pauses = policy.build();
    while !shutdown.is_cancelled() {
        let started = Instant::now();
        let outcome = session().await;
        state.set(false);
        let Err(error) = outcome else { continue };
        if started.elapsed() > STABLE_AFTER {
            pauses = policy.build();
        }
        let pause = pauses.next().unwrap_or(RECONNECT_MAX);
        metrics::counter!("broker_reconnects_total", "who" => what.to_owned()).increment(1);
        tracing::warn!(error = &error as &dyn std::error::Error, %what, ?pause, "broker is away");
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = sleep(pause) => {}
        }
    }
}

/// Returns when the connection or one of its channels is gone.
pub(crate) async fn lost(connection: &Connection, channel: &Channel) -> AmqpError {
    let mut events = std::pin::pin!(connection.events_listener());
    let mut check = tokio::time::interval(CHECK_INTERVAL);
    loop {
        tokio::select! {
            event = events.next() => match event {
                Some(Event::Error(error)) => return error.into(),
                Some(Event::ConnectionBlocked(reason)) => {
                    tracing::warn!(%reason, "broker takes no events for now");
                }
                None => return AmqpError::Lost,
                Some(_) => {}
            },
            _ = check.tick() => {}
        }
        if !connection.status().connected() || !channel.status().connected() {
            return AmqpError::Lost;
        }
    }
}
