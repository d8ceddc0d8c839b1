//! Connections to the databases of tenants: who a tenant's database is and where (`resolver`),
//! pools of every tenant under one budget of connections per cluster (`pool`), and the unit of
//! work that every write goes through (`work`).
//!
//! The only way to a tenant's rows is [`Pools::acquire`]: logged in as that tenant's own role, in
//! a database that has said it is that tenant's.

mod connection;
mod descriptor;
mod error;
mod outbox;
mod pool;
mod resolver;
mod session;
mod settings;
mod work;

pub use connection::TenantConnection;
pub use descriptor::{TenantDescriptor, TenantLimits};
pub use error::PoolError;
pub use outbox::{TenantFleet, TenantOutbox};
pub use pool::{BusyTenant, Pools};
pub use resolver::{Resolver, TenantSummary};
pub use settings::PoolSettings;
pub use work::{Savepoint, UnitOfWork};
