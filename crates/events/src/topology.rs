//! Exchanges and queues. Every connection declares what it uses, so a new broker needs no preparation.

use std::time::Duration;

use lapin::options::{ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions};
use lapin::types::{AMQPValue, FieldTable, ShortString};
use lapin::{Channel, ExchangeKind};

use crate::AmqpError;

/// Topic exchange of all events; the routing key is the event's type.
pub const EVENTS_EXCHANGE: &str = "tenantry.events";

/// Direct exchange of what a queue's consumer gave up; the routing key is the queue's name.
pub const DEAD_EXCHANGE: &str = "tenantry.dead";

/// Deliveries of one message, each lost with its consumer, before it counts as poison: it may be what kills them.
const DELIVERY_LIMIT: i64 = 5;

/// The queue of what a work queue's consumer gave up.
pub fn dead_queue(name: &str) -> String {
    format!("{name}.dead")
}

/// Declares the exchanges.
pub(crate) async fn declare_exchanges(channel: &Channel) -> Result<(), AmqpError> {
    for (name, kind) in [
        (EVENTS_EXCHANGE, ExchangeKind::Topic),
        (DEAD_EXCHANGE, ExchangeKind::Direct),
    ] {
        let durable = ExchangeDeclareOptions {
            durable: true,
            ..ExchangeDeclareOptions::default()
        };
        channel
            .exchange_declare(name.into(), kind, durable, FieldTable::default())
            .await?;
    }
    Ok(())
}

/// Declares a replicated work queue and the queue for what its consumer gives up.
pub(crate) async fn declare_work_queue(
    channel: &Channel,
    name: &str,
    one_at_a_time: bool,
) -> Result<(), AmqpError> {
    let _ = declare_dead_queue(channel, name).await?;
    bind(channel, &dead_queue(name), DEAD_EXCHANGE, name).await?;
    // The arguments of a queue that exists cannot be changed: other ones need another name.
    let limit = ("x-delivery-limit", AMQPValue::LongLongInt(DELIVERY_LIMIT));
    let mut arguments = [&[quorum(), limit], &dead_lettering(DEAD_EXCHANGE, name)[..]].concat();
    if one_at_a_time {
        arguments.push(("x-single-active-consumer", AMQPValue::Boolean(true)));
    }
    let _ = declare(channel, name, QueueDeclareOptions::durable(), &arguments).await?;
    Ok(())
}

/// Declares the queue for what a work queue's consumer gives up, and answers how many messages are there.
pub(crate) async fn declare_dead_queue(channel: &Channel, name: &str) -> Result<u32, AmqpError> {
    let (dead, options) = (dead_queue(name), QueueDeclareOptions::durable());
    declare(channel, &dead, options, &[quorum()]).await
}

/// Declares the queue where messages of a work queue wait for another try, and answers its name. It is made when
/// it is first needed: most queues never see a failure. One queue a pause, since a queue lets go of its messages
/// in their order only.
pub(crate) async fn declare_waiting_queue(
    channel: &Channel,
    name: &str,
    pause: Duration,
) -> Result<String, AmqpError> {
    let pause_ms = i64::try_from(pause.as_millis()).unwrap_or(i64::MAX);
    let waiting = format!("{name}.retry.{pause_ms}");
    let pause = ("x-message-ttl", AMQPValue::LongLongInt(pause_ms));
    // From the default exchange back to the work queue, past everybody else's.
    let arguments = [&[quorum(), pause], &dead_lettering("", name)[..]].concat();
    let _ = declare(
        channel,
        &waiting,
        QueueDeclareOptions::durable(),
        &arguments,
    )
    .await?;
    Ok(waiting)
}

/// Where messages go that leave a queue unacknowledged; a message is in one of the two at any moment.
fn dead_lettering(exchange: &str, key: &str) -> [(&'static str, AMQPValue); 4] {
    [
        ("x-dead-letter-exchange", text(exchange)),
        ("x-dead-letter-routing-key", text(key)),
        ("x-dead-letter-strategy", text("at-least-once")),
        // At-least-once dead lettering is only given with this overflow (RabbitMQ, quorum queues).
        ("x-overflow", text("reject-publish")),
    ]
}

/// Declares a queue that lives as long as this connection.
pub(crate) async fn declare_live_queue(channel: &Channel, name: &str) -> Result<(), AmqpError> {
    let options = QueueDeclareOptions {
        exclusive: true,
        auto_delete: true,
        ..QueueDeclareOptions::default()
    };
    let _ = declare(channel, name, options, &[]).await?;
    Ok(())
}

/// Lets a queue have what comes to the exchange with this routing key.
pub(crate) async fn bind(
    channel: &Channel,
    queue: &str,
    exchange: &str,
    key: &str,
) -> Result<(), AmqpError> {
    channel
        .queue_bind(
            queue.into(),
            exchange.into(),
            key.into(),
            QueueBindOptions::default(),
            FieldTable::default(),
        )
        .await?;
    Ok(())
}

/// Answers how many messages wait in the queue.
async fn declare(
    channel: &Channel,
    name: &str,
    options: QueueDeclareOptions,
    arguments: &[(&str, AMQPValue)],
) -> Result<u32, AmqpError> {
    let mut table = FieldTable::default();
    for (key, value) in arguments {
        table.insert(ShortString::from(*key), value.clone());
    }
    let declared = channel.queue_declare(name.into(), options, table).await?;
    Ok(declared.message_count())
}

fn quorum() -> (&'static str, AMQPValue) {
    ("x-queue-type", text("quorum"))
}

fn text(value: &str) -> AMQPValue {
    AMQPValue::LongString(value.into())
}
