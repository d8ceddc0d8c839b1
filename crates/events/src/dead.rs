//! What consumers gave up, for the operator: looked through, replayed and dropped over AMQP alone, since a broker
//! need not have its management plugin.
//!
//! Letters are taken without acknowledgement; those that stay are given back at the end, and return by themselves when
//! the operator's tool is killed. They may stand behind others then that were not looked at. Who looks at the same
//! moment sees the rest alone.

use std::time::Duration;

use chrono::{DateTime, Utc};
use lapin::message::Delivery;
use lapin::options::{
    BasicAckOptions, BasicGetOptions, BasicNackOptions, BasicPublishOptions, ConfirmSelectOptions,
    QueueDeclareOptions,
};
use lapin::types::{AMQPValue, DeliveryTag, FieldTable, ShortString};
use lapin::{BasicProperties, Channel, Confirmation, Connection};
use tokio::time::{sleep, timeout};

use crate::consumer::{Failure, Failures};
use crate::publisher::PERSISTENT;
use crate::topology::dead_queue;
use crate::{Amqp, AmqpError};

/// Time for each answer of the broker.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);

/// Time for letters to stand in their queue again.
const RETURN_TIMEOUT: Duration = Duration::from_secs(2);

/// How often to look whether they do.
const RETURN_PERIOD: Duration = Duration::from_millis(10);

/// The broker says that a queue is not there.
const NOT_FOUND: u16 = 404;

/// A message that a consumer gave up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// The event's id, if its publisher set one.
    pub id: Option<String>,
    /// The event's type, if its publisher told.
    pub kind: Option<String>,
    /// What happened to it, oldest first.
    pub failures: Vec<Failure>,
    /// What was published.
    pub body: Vec<u8>,
}

/// What becomes of a letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It stays where it is.
    Keep,
    /// It goes back to its work queue, past all other consumers, and begins its tries anew.
    Replay,
    /// It is gone.
    Drop,
}

/// A connection to the queues of what was given up.
#[derive(Debug)]
pub struct DeadLetters(Connection);

impl DeadLetters {
    /// Connects.
    pub async fn open(amqp: &Amqp) -> Result<Self, AmqpError> {
        Ok(Self(amqp.connect().await?))
    }

    /// Whether there is a queue for letters of this work queue: not if its consumer was never there.
    pub async fn has(&self, queue: &str) -> Result<bool, AmqpError> {
        Ok(count(&self.channel().await?, queue).await?.is_some())
    }

    /// Goes through at most `limit` letters of a work queue, and does with each what `decide` says. Answers how many there
    /// are beside them.
    pub async fn walk(
        &self,
        queue: &str,
        limit: u32,
        mut decide: impl FnMut(&Letter) -> Fate,
    ) -> Result<u32, AmqpError> {
        let channel = self.channel().await?;
        let name = short(&dead_queue(queue))?;
        let mut kept = Kept::default();
        let (mut looked_at, mut left) = (0, u32::MAX);
        while left > 0 {
            let got = channel.basic_get(name.clone(), BasicGetOptions { no_ack: false });
            let Some(message) = within(got).await? else {
                left = 0;
                break;
            };
            if looked_at == 0 {
                // Not more than there are now: one that is replayed may be back before the end. A declaration counts what
                // the queue has read of its log so far, which is little or nothing while the broker begins; a message is
                // only given when all of it is read.
                left = message.message_count.saturating_add(1);
            }
            let delivery = message.delivery;
            if looked_at == limit {
                kept.add(&delivery);
                break;
            }
            (looked_at, left) = (looked_at + 1, left - 1);
            match decide(&letter(queue, &delivery)) {
                Fate::Keep => {
                    kept.add(&delivery);
                    continue;
                }
                Fate::Replay => replay(&channel, queue, &delivery).await?,
                Fate::Drop => {}
            }
            let _ = within(delivery.ack(BasicAckOptions::default())).await?;
        }
        give_back(&channel, queue, kept).await?;
        within(channel.close(200, "done".into())).await?;
        Ok(left)
    }

    async fn channel(&self) -> Result<Channel, AmqpError> {
        let channel = within(self.0.create_channel()).await?;
        within(channel.confirm_select(ConfirmSelectOptions::default())).await?;
        Ok(channel)
    }
}

/// Letters that stay.
#[derive(Default)]
struct Kept {
    count: u32,
    last: DeliveryTag,
}

impl Kept {
    fn add(&mut self, letter: &Delivery) {
        self.count += 1;
        self.last = letter.delivery_tag;
    }
}

/// The broker counts no failure (RabbitMQ, "Negative Acknowledgements"), so that looking moves no letter to its end.
/// Letters return after the broker has answered: whoever looks next shall see all of them.
async fn give_back(channel: &Channel, queue: &str, kept: Kept) -> Result<(), AmqpError> {
    if kept.count == 0 {
        return Ok(());
    }
    let all = BasicNackOptions {
        multiple: true,
        requeue: true,
    };
    within(channel.basic_nack(kept.last, all)).await?;
    let returned = async {
        while count(channel, queue).await?.unwrap_or(u32::MAX) < kept.count {
            sleep(RETURN_PERIOD).await;
        }
        Ok(())
    };
    // Another operator may have taken some in the meantime.
    timeout(RETURN_TIMEOUT, returned).await.unwrap_or(Ok(()))
}

async fn count(channel: &Channel, queue: &str) -> Result<Option<u32>, AmqpError> {
    let passive = QueueDeclareOptions {
        passive: true,
        ..QueueDeclareOptions::default()
    };
    let name = short(&dead_queue(queue))?;
    let declared = within(channel.queue_declare(name, passive, FieldTable::default())).await;
    match declared {
        Ok(found) => Ok(Some(found.message_count())),
        Err(AmqpError::Client(error)) if is_not_found(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

fn is_not_found(error: &lapin::Error) -> bool {
    matches!(error.kind(), lapin::ErrorKind::ProtocolError(said) if said.get_id() == NOT_FOUND)
}

/// Without its failures, and confirmed before the letter is taken away.
async fn replay(channel: &Channel, queue: &str, delivery: &Delivery) -> Result<(), AmqpError> {
    let told = &delivery.properties;
    let mut properties = BasicProperties::default().with_delivery_mode(PERSISTENT);
    if let Some(id) = told.message_id() {
        properties = properties.with_message_id(id.clone());
    }
    if let Some(kind) = told.kind() {
        properties = properties.with_type(kind.clone());
    }
    if let Some(content_type) = told.content_type() {
        properties = properties.with_content_type(content_type.clone());
    }
    let mandatory = BasicPublishOptions {
        mandatory: true,
        ..BasicPublishOptions::default()
    };
    let (body, queue) = (&delivery.data, short(queue)?);
    let publishing = channel.basic_publish("".into(), queue, mandatory, body, properties);
    let confirmation = within(within(publishing).await?).await?;
    match confirmation {
        Confirmation::Ack(None) => Ok(()),
        Confirmation::Ack(Some(_)) | Confirmation::Nack(_) | Confirmation::NotRequested => {
            Err(AmqpError::NotKept)
        }
    }
}

fn letter(queue: &str, delivery: &Delivery) -> Letter {
    let properties = &delivery.properties;
    let headers = properties.headers().as_ref();
    let mut failures = Failures::of(headers).0;
    failures.extend(
        headers
            .into_iter()
            .flat_map(|headers| deaths(queue, headers)),
    );
    Letter {
        id: properties.message_id().as_ref().map(ToString::to_string),
        kind: properties.kind().as_ref().map(ToString::to_string),
        failures,
        body: delivery.data.clone(),
    }
}

/// What the broker itself says of how the message left its work queue. Pauses between tries are told by it, too,
/// and say nothing.
fn deaths(queue: &str, headers: &FieldTable) -> Vec<Failure> {
    let told = headers.inner().get("x-death").and_then(AMQPValue::as_array);
    let deaths = told.map(lapin::types::FieldArray::as_slice);
    let of_queue = deaths.unwrap_or_default().iter().filter_map(|death| {
        let death = death.as_field_table()?.inner();
        let text = |key: &str| Some(death.get(key)?.as_long_string()?.to_string());
        if text("queue")? != queue {
            return None;
        }
        let seconds = i64::try_from(death.get("time")?.as_timestamp()?).ok()?;
        let reason = match text("reason")?.as_str() {
            "delivery_limit" => "lost with its consumer again and again".to_owned(),
            other => other.to_owned(),
        };
        Some(Failure {
            at: DateTime::<Utc>::from_timestamp(seconds, 0)?,
            reason,
        })
    });
    of_queue.collect()
}

fn short(name: &str) -> Result<ShortString, AmqpError> {
    ShortString::try_new(name).map_err(|_too_long| AmqpError::QueueName)
}

async fn within<T>(answer: impl Future<Output = Result<T, lapin::Error>>) -> Result<T, AmqpError> {
    let answered = timeout(ANSWER_TIMEOUT, answer).await;
    Ok(answered.map_err(|_elapsed| AmqpError::Timeout)??)
}
