#![cfg(test)]
//! The resolver against a real PostgreSQL: each test has a catalog, a template and roles of its own.

mod claim;
mod clusters;
mod copy;
mod crash;
mod credentials;
mod erasure;
mod hold;
mod isolation;
mod lookup;
mod machine;
mod neighbours;
mod operator;
mod outbox;
mod refill;
mod second;
mod sweep;
mod world;
