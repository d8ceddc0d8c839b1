#![cfg(test)]
//! Pools against a real PostgreSQL.

mod directory;
mod holding;
mod isolation;
mod memory;
mod pools;
mod units;
mod world;
