//! Every schema, and the operator's tool that keeps all databases at one version.
//!
//! [`schema`] holds the SQL, [`database`] moves one database, [`fleet`] moves them all under one lease,
//! [`init`] makes a bare server ready, [`cli`] is what the operator types.

pub mod address;
pub mod cli;
pub mod database;
pub mod demo;
pub mod error;
pub mod fleet;
pub mod init;
pub mod registry;
pub mod schema;

pub use address::Address;
pub use database::Session;
pub use error::Error;
