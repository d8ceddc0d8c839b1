//! Tells the broker what was decided. What failed is published anew, with the reason, to where it waits for
//! another try or for the operator, and acknowledged once the broker has confirmed that: at any moment the
//! message is somewhere, at worst twice.

use std::time::Duration;

use futures::future::try_join_all;
use kernel::Clock;
use lapin::message::Delivery;
use lapin::options::{BasicAckOptions, BasicNackOptions, BasicPublishOptions, BasicRejectOptions};
use lapin::types::ShortString;
use lapin::{BasicProperties, Channel, Confirmation, PublisherConfirm};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::{Action, Failures, Queue};
use crate::AmqpError;
use crate::publisher::{CONFIRM_TIMEOUT, PERSISTENT};
use crate::topology::{self, DEAD_EXCHANGE};

/// Pause before a message goes back to a queue that has no waiting queues beside it.
const REQUEUE_PAUSE: Duration = Duration::from_millis(500);

/// Settles a batch. All of it is acknowledged or the connection is given up: then it comes again.
pub(super) async fn settle(
    queue: &Queue,
    channel: &Channel,
    batch: Vec<Delivery>,
    actions: Vec<Action>,
    shutdown: &CancellationToken,
) -> Result<(), AmqpError> {
    if !queue.durable {
        return give_back(queue, batch, actions, shutdown).await;
    }
    let mut moved = Vec::new();
    for (delivery, action) in batch.iter().zip(actions) {
        moved.extend(set_aside(queue, channel, delivery, action).await?);
    }
    confirmed(moved).await?;
    if let Some(last) = batch.last() {
        // The batch is all that was taken up to its last message.
        let all = BasicAckOptions { multiple: true };
        let _ = last.ack(all).await?;
    }
    Ok(())
}

/// Publishes what failed to where it waits.
async fn set_aside(
    queue: &Queue,
    channel: &Channel,
    delivery: &Delivery,
    action: Action,
) -> Result<Option<PublisherConfirm>, AmqpError> {
    let failures = Failures::of(delivery.properties.headers().as_ref());
    let tried = failures.0.len();
    let (reason, pause) = match action {
        Action::Ack => {
            count(queue, "ack");
            return Ok(None);
        }
        Action::Retry(reason) => (reason, queue.pauses.get(tried)),
        Action::Dead(reason) => (reason, None),
    };
    let failures = failures.with(Clock::system().now(), &reason);
    let kind = kind_of(delivery);
    let (exchange, key) = match pause {
        Some(pause) => {
            tracing::warn!(queue = %queue.name, event.r#type = %kind, event.id = ?delivery.properties.message_id(),
                %reason, ?pause, "event is tried again");
            count(queue, "retry");
            let waiting = topology::declare_waiting_queue(channel, &queue.name, *pause).await?;
            ("", waiting)
        }
        None => {
            tracing::error!(queue = %queue.name, event.r#type = %kind, event.id = ?delivery.properties.message_id(),
                %reason, tries = tried + 1, "event is dead");
            count(queue, "dead");
            (DEAD_EXCHANGE, queue.name.clone())
        }
    };
    // Nothing else is taken over: a foreign expiry or user id would lose the message or be refused.
    let mut properties = BasicProperties::default()
        .with_delivery_mode(PERSISTENT)
        .with_type(kind)
        .with_headers(failures.headers());
    if let Some(id) = delivery.properties.message_id() {
        properties = properties.with_message_id(id.clone());
    }
    if let Some(content_type) = delivery.properties.content_type() {
        properties = properties.with_content_type(content_type.clone());
    }
    // What no queue takes comes back instead of being lost.
    let mandatory = BasicPublishOptions {
        mandatory: true,
        ..BasicPublishOptions::default()
    };
    let (exchange, key) = (exchange.into(), key.into());
    let publishing = channel.basic_publish(exchange, key, mandatory, &delivery.data, properties);
    Ok(Some(publishing.await?))
}

/// The event's type: its first routing key.
fn kind_of(delivery: &Delivery) -> ShortString {
    let told = delivery.properties.kind().as_ref();
    told.unwrap_or(&delivery.routing_key).clone()
}

async fn confirmed(moved: Vec<PublisherConfirm>) -> Result<(), AmqpError> {
    let outcomes = timeout(CONFIRM_TIMEOUT, try_join_all(moved))
        .await
        .map_err(|_elapsed| AmqpError::Timeout)??;
    let kept = |outcome: &Confirmation| matches!(outcome, Confirmation::Ack(None));
    if outcomes.iter().all(kept) {
        Ok(())
    } else {
        Err(AmqpError::NotKept)
    }
}

/// A queue that lives as long as its connection keeps nothing aside: what failed goes back to it or is dropped.
async fn give_back(
    queue: &Queue,
    batch: Vec<Delivery>,
    actions: Vec<Action>,
    shutdown: &CancellationToken,
) -> Result<(), AmqpError> {
    if actions
        .iter()
        .any(|action| matches!(action, Action::Retry(_)))
    {
        tokio::select! {
            () = sleep(REQUEUE_PAUSE) => {}
            () = shutdown.cancelled() => {}
        }
    }
    for (delivery, action) in batch.into_iter().zip(actions) {
        match action {
            Action::Ack => {
                count(queue, "ack");
                let _ = delivery.ack(BasicAckOptions::default()).await?;
            }
            Action::Retry(reason) => {
                tracing::warn!(queue = %queue.name, event.r#type = %kind_of(&delivery), %reason, "event is tried again");
                count(queue, "retry");
                let requeue = BasicNackOptions {
                    requeue: true,
                    ..BasicNackOptions::default()
                };
                let _ = delivery.nack(requeue).await?;
            }
            Action::Dead(reason) => {
                tracing::error!(queue = %queue.name, event.r#type = %kind_of(&delivery), %reason, "event is dropped");
                count(queue, "dead");
                let _ = delivery.reject(BasicRejectOptions::default()).await?;
            }
        }
    }
    Ok(())
}

fn count(queue: &Queue, outcome: &'static str) {
    let labels = [("queue", queue.label.clone()), ("outcome", outcome.into())];
    metrics::counter!("consumed_events_total", &labels).increment(1);
}
