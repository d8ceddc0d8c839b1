//! Making and removing tenant databases.
//!
//! A build is a sequence of steps, each safe to repeat, journaled by the tenant's row: the row comes first and
//! `spare` comes last, so whatever a crash leaves is named by a row. All DDL for one tenant happens inside a
//! [`session::Session`], of which PostgreSQL lets only one exist at a time.

pub mod build;
mod cluster;
mod removal;
mod session;
mod store;

use kernel::TenantId;

pub use build::Build;
pub(crate) use removal::{discard, drop_abandoned};
pub(crate) use store::{HalfBuilt, abandoned, half_built, open_password, stock};

use crate::error::Error;
use crate::state::Resolver;

/// Builds one spare on the cluster with the most room.
pub async fn build_spare(resolver: &Resolver) -> Result<TenantId, Error> {
    let built = Box::pin(async { Build::begin(resolver).await?.run().await }).await;
    count(&built);
    built
}

/// Finishes what a crash left of a build. `None` when somebody is at it right now.
pub(crate) async fn finish(resolver: &Resolver, row: HalfBuilt) -> Result<Option<TenantId>, Error> {
    let Some(build) = Build::resume(resolver, row).await? else {
        return Ok(None);
    };
    let built = Box::pin(build.run()).await;
    count(&built);
    built.map(Some)
}

fn count(built: &Result<TenantId, Error>) {
    let outcome = if built.is_ok() { "built" } else { "failed" };
    metrics::counter!("resolver_spares_built_total", "outcome" => outcome).increment(1);
}
