#![cfg(test)]
//! The migrator against a real PostgreSQL: every test has its own catalog, template and roles there.

mod compatible;
mod copies;
mod crash;
mod doctor;
mod events;
mod fleet;
mod init;
mod moving;
mod rollout;
mod verify;
mod version;
mod world;
