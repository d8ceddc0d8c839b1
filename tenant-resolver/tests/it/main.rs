#![cfg(test)]
//! The resolver against a real PostgreSQL: each test has a catalog, a template and roles of its own.

mod claim;
mod crash;
mod isolation;
mod lookup;
mod neighbours;
mod outbox;
mod refill;
mod second;
mod sweep;
mod world;
