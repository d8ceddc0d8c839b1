#![cfg(test)]
//! Pools against a real PostgreSQL.

mod directory;
mod holding;
mod pools;
mod units;
mod world;
