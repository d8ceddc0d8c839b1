//! Events between the services: the contracts (`topic`), the CloudEvents envelope, the transactional
//! outbox, the relay that empties it into RabbitMQ, and the consumer at the other end.
//!
//! Delivery is at least once, in order per database: a consumer knows an event by its id and lets a
//! second delivery change nothing.

pub mod amqp;
mod backlog;
pub mod consumer;
pub mod contracts;
pub mod dead;
pub mod envelope;
pub mod fleet;
pub mod outbox;
pub mod publisher;
pub mod queues;
pub mod relay;
pub mod topic;
pub mod topology;

pub use amqp::{Amqp, AmqpError, BrokerState};
pub use consumer::{Action, Consumer, Failure, Failures, Queue};
pub use envelope::{Envelope, EnvelopeError};
pub use fleet::FleetWake;
pub use outbox::{DatabaseOutbox, OutboxSource};
pub use publisher::Publisher;
pub use relay::Wake;
pub use topic::Event;

/// What an adapter over another database driver may fail with.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;
