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

use std::error::Error as _;

use kernel::TenantId;

pub use build::Build;
pub(crate) use cluster::{Cluster, cluster_context};
pub(crate) use removal::remove;
pub(crate) use session::Session;
pub(crate) use store::{begun, leftovers, open_password, seal_context, seal_password};

use crate::error::Error;
use crate::state::Resolver;

/// Builds one spare on the cluster with the most room.
pub async fn build_spare(resolver: &Resolver) -> Result<TenantId, Error> {
    build(resolver, None).await
}

/// Builds one spare on the cluster of this name, or on the one with the most room.
pub(crate) async fn build(resolver: &Resolver, cluster: Option<&str>) -> Result<TenantId, Error> {
    let built = Box::pin(build_or_fail(resolver, cluster)).await;
    let outcome = if built.is_ok() { "built" } else { "failed" };
    metrics::counter!("resolver_spares_built_total", "outcome" => outcome).increment(1);
    built
}

async fn build_or_fail(resolver: &Resolver, cluster: Option<&str>) -> Result<TenantId, Error> {
    let build = Build::begin(resolver, cluster).await?;
    let tenant = build.tenant();
    let built = build.run().await;
    if let Err(error) = &built {
        failed(resolver, tenant, error).await;
    }
    built
}

/// Notes why a build gave up and has what there is of it removed. What cannot be noted is a build that died.
pub(crate) async fn failed(resolver: &Resolver, tenant: TenantId, error: &Error) {
    let text = match error.source() {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    };
    let noted = async {
        let client = resolver.catalog.get().await?;
        store::failed(&client, tenant, &text, resolver.clock.now()).await
    };
    if let Err(error) = noted.await {
        tracing::warn!(
            tenant.id = %tenant,
            error = &error as &dyn std::error::Error,
            "failed build could not be noted"
        );
    }
    resolver.wake.sweep.notify_one();
}
