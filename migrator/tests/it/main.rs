#![cfg(test)]
//! The migrator against a real PostgreSQL: every test has its own catalog, template and roles there.

mod fleet;
mod init;
mod version;
mod world;
