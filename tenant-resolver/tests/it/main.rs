#![cfg(test)]
//! The resolver against a real PostgreSQL: each test has a catalog, a template and roles of its own.

mod claim;
mod crash;
mod identity;
mod isolation;
mod lookup;
mod outbox;
mod refill;
mod sweep;
mod world;
