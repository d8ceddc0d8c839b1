#![cfg(test)]
//! Against a real PostgreSQL and a real RabbitMQ.

mod consuming;
mod relaying;
mod support;
