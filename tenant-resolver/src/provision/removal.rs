//! Dropping databases that no organization uses: surplus half-built spares and released claims.

use kernel::{ClusterId, TenantId};

use super::cluster::Cluster;
use super::session::Session;
use super::store::{self, HalfBuilt};
use crate::error::Error;
use crate::state::Resolver;

/// Gives up a half-built spare and drops what there is of it. False when somebody is at it right now.
pub(crate) async fn discard(resolver: &Resolver, row: &HalfBuilt) -> Result<bool, Error> {
    let Some(session) = session(resolver, row.id, row.cluster).await? else {
        return Ok(false);
    };
    let client = resolver.catalog.get().await?;
    if !store::discarded(&client, row.id, resolver.clock.now()).await? {
        return Ok(false);
    }
    drop(client);
    drop_within(resolver, &session, row.id).await?;
    Ok(true)
}

/// Drops role and database of a tenant in `deleting`. False when somebody is at it right now.
pub(crate) async fn drop_abandoned(
    resolver: &Resolver,
    tenant: TenantId,
    cluster: ClusterId,
) -> Result<bool, Error> {
    let Some(session) = session(resolver, tenant, cluster).await? else {
        return Ok(false);
    };
    drop_within(resolver, &session, tenant).await?;
    Ok(true)
}

async fn session(
    resolver: &Resolver,
    tenant: TenantId,
    cluster: ClusterId,
) -> Result<Option<Session>, Error> {
    let cluster = {
        let client = resolver.catalog.get().await?;
        Cluster::by_id(&client, &resolver.seal, cluster).await?
    };
    Session::open(cluster, tenant).await
}

async fn drop_within(
    resolver: &Resolver,
    session: &Session,
    tenant: TenantId,
) -> Result<(), Error> {
    session.drop_all().await?;
    let client = resolver.catalog.get().await?;
    store::deleted(&client, tenant, resolver.clock.now()).await?;
    tracing::info!(tenant.id = %tenant, "database and role dropped");
    Ok(())
}
