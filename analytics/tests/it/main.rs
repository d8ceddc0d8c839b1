#![cfg(test)]
//! Against a real MongoDB, and a real RabbitMQ where the way through it matters.

mod dashboard;
mod erasure;
mod ingest;
mod rebuild;
mod report;
mod schedule;
mod settings;
mod upkeep;
mod world;
