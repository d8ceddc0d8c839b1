//! Dropping databases that no organization uses: builds that died or failed, claims that were abandoned, spares where
//! nothing is placed any more.

use kernel::{ClusterId, TenantId};

use super::cluster::Cluster;
use super::session::Session;
use super::store;
use crate::error::Error;
use crate::state::Resolver;

/// Drops role and database of a leftover; may run again after a crash. False when somebody is at it right now, or
/// it is no leftover any more.
pub(crate) async fn remove(
    resolver: &Resolver,
    tenant: TenantId,
    cluster: ClusterId,
) -> Result<bool, Error> {
    let cluster = {
        let client = resolver.catalog.get().await?;
        Cluster::by_id(&client, &resolver.seal, cluster).await?
    };
    let Some(session) = Session::open(cluster, tenant).await? else {
        return Ok(false);
    };
    let client = resolver.catalog.get().await?;
    // A build may have ended between the look at its row and the session.
    if !store::condemned(&client, tenant, resolver.clock.now()).await? {
        return Ok(false);
    }
    session.drop_all().await?;
    store::gone(&client, tenant, resolver.clock.now()).await?;
    tracing::info!(tenant.id = %tenant, "database and role dropped");
    Ok(true)
}
