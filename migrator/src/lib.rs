//! Every schema, and the operator's tool that keeps all databases at one version.
//!
//! [`schema`] holds the SQL, [`database`] moves one database, [`fleet`] moves them all under one lease,
//! [`verify`](mod@verify) compares real schemas, [`doctor`] looks at the servers, [`sql`] knows what statements
//! do, [`lint`] refuses dangerous ones, [`init`] makes a bare server ready,
//! [`cli`] is what the operator types. [`tenants`] and [`clusters`] are the operator's work on single tenants and servers, with the [`resolver`]'s help.

pub mod address;
pub mod analytics;
pub mod cli;
pub mod clusters;
pub mod database;
pub mod demo;
pub mod doctor;
pub mod error;
pub mod fleet;
pub mod init;
pub mod lint;
pub mod registry;
pub mod resolver;
pub mod schema;
pub mod signing_keys;
pub mod sql;
pub mod tenants;
pub mod verify;

pub use address::Address;
pub use database::Session;
pub use error::Error;
