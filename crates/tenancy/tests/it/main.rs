#![cfg(test)]
//! Pools against a real PostgreSQL.

mod pools;
mod units;
mod world;
