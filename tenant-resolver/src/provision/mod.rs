//! Making and removing tenant databases.
//!
//! A build is a sequence of steps journaled by the tenant's row: the row comes first and `spare` comes last, so
//! whatever a crash leaves is named by a row and removed by the sweeper. All DDL for one tenant happens inside a
//! session, of which PostgreSQL lets only one exist at a time.

mod build;
mod cluster;
mod removal;
mod session;
mod store;

use kernel::TenantId;

pub use build::Build;
pub(crate) use removal::remove;
pub(crate) use store::{leftovers, open_password, stock};

use crate::error::Error;
use crate::state::Resolver;

/// Builds one spare on the cluster with the most room.
pub async fn build_spare(resolver: &Resolver) -> Result<TenantId, Error> {
    let built = Box::pin(async { Build::begin(resolver).await?.run().await }).await;
    let outcome = if built.is_ok() { "built" } else { "failed" };
    metrics::counter!("resolver_spares_built_total", "outcome" => outcome).increment(1);
    built
}
