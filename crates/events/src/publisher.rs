//! Publishes outbox rows with confirms: a batch goes out at once and is then waited for.
//!
//! What is not confirmed in time was not published: the row stays and goes again, with the same id.

use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use lapin::options::{BasicPublishOptions, ConfirmSelectOptions};
use lapin::types::ShortString;
use lapin::{BasicProperties, Channel, PublisherConfirm};
use tokio::sync::{Notify, watch};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::amqp::{self, Amqp, AmqpError, BrokerState};
use crate::envelope::CONTENT_TYPE;
use crate::outbox::OutboxRow;
use crate::topology::{self, EVENTS_EXCHANGE};

/// Time for the broker to confirm a batch. One under a disk alarm never does.
pub(crate) const CONFIRM_TIMEOUT: Duration = Duration::from_secs(5);

/// AMQP's mark for a message that survives the broker.
pub(crate) const PERSISTENT: u8 = 2;

/// A handle to the one publishing connection of this process; clones share it.
#[derive(Clone)]
pub struct Publisher(Arc<Inner>);

struct Inner {
    amqp: Amqp,
    state: BrokerState,
    channel: watch::Sender<Option<Channel>>,
    broken: Notify,
}

impl Publisher {
    /// A publisher that has no connection yet; [`Publisher::run`] makes it and keeps it.
    pub fn new(amqp: Amqp) -> Self {
        Self(Arc::new(Inner {
            amqp,
            state: BrokerState::default(),
            channel: watch::Sender::new(None),
            broken: Notify::new(),
        }))
    }

    /// Whether the connection stands.
    pub fn state(&self) -> BrokerState {
        self.0.state.clone()
    }

    /// Keeps the connection until shutdown; spawn it.
    pub async fn run(self, shutdown: CancellationToken) {
        let inner = &*self.0;
        amqp::supervise("publisher", &inner.state, &shutdown, || async {
            let outcome = inner.session(&shutdown).await;
            inner.channel.send_replace(None);
            outcome
        })
        .await;
    }

    /// Publishes the rows in order and answers how many of the first ones are confirmed. Fewer than
    /// given means that the rest must go again.
    pub async fn publish(&self, rows: &[OutboxRow]) -> Result<usize, AmqpError> {
        let channel = self.0.channel.borrow().clone().ok_or(AmqpError::Lost)?;
        let confirmed = timeout(CONFIRM_TIMEOUT, send(&channel, rows)).await;
        match confirmed {
            Ok(Ok(count)) => Ok(count),
            Ok(Err(error)) => Err(error),
            Err(_elapsed) => {
                // Frames may be stuck in the socket; a new connection starts with none.
                self.0.broken.notify_one();
                Err(AmqpError::Timeout)
            }
        }
    }
}

impl Inner {
    async fn session(&self, shutdown: &CancellationToken) -> Result<(), AmqpError> {
        let connection = self.amqp.connect().await?;
        let channel = connection.create_channel().await?;
        topology::declare_exchanges(&channel).await?;
        channel
            .confirm_select(ConfirmSelectOptions::default())
            .await?;
        self.channel.send_replace(Some(channel.clone()));
        self.state.set(true);
        tracing::info!("publisher is connected");
        tokio::select! {
            error = amqp::lost(&connection, &channel) => Err(error),
            () = self.broken.notified() => Err(AmqpError::Timeout),
            () = shutdown.cancelled() => {
                // The process ends anyway; a broker that does not answer must not hold it up.
                let _ = timeout(CONFIRM_TIMEOUT, connection.close(200, "shutdown".into())).await;
                Ok(())
            }
        }
    }
}

async fn send(channel: &Channel, rows: &[OutboxRow]) -> Result<usize, AmqpError> {
    let mut confirms = Vec::with_capacity(rows.len());
    for row in rows {
        confirms.push(send_one(channel, row).await?);
    }
    let outcomes = join_all(confirms).await;
    Ok(outcomes
        .into_iter()
        .take_while(|outcome| matches!(outcome, Ok(confirmation) if confirmation.is_ack()))
        .count())
}

async fn send_one(channel: &Channel, row: &OutboxRow) -> Result<PublisherConfirm, AmqpError> {
    let key = ShortString::try_new(row.kind.clone())
        .map_err(|_too_long| AmqpError::RoutingKey(row.kind.clone()))?;
    let properties = BasicProperties::default()
        .with_content_type(CONTENT_TYPE.into())
        .with_delivery_mode(PERSISTENT)
        .with_message_id(row.id.to_string().into())
        .with_type(key.clone());
    let confirm = channel
        .basic_publish(
            EVENTS_EXCHANGE.into(),
            key,
            BasicPublishOptions::default(),
            row.event.as_bytes(),
            properties,
        )
        .await?;
    Ok(confirm)
}
