#![cfg(test)]
//! The migrator against a real PostgreSQL: every test has its own catalog, template and roles there.

mod copies;
mod fleet;
mod init;
mod moving;
mod version;
mod world;
