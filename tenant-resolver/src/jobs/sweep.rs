//! Cleans up after crashes: settles claims that nobody confirmed, removes half-built databases that lost their builder
//! and claims that were abandoned, erases tenants whose grace is over. Every step may run again, and on several
//! instances at once.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::warn;
use crate::erasure::{self, Neighbours};
use crate::error::Error;
use crate::state::Resolver;
use crate::{claim, lifecycle, provision};

/// Rows of a kind in one sweep; the next sweep takes the next ones.
const BATCH: i64 = 50;

/// Sweeps every `period`, and at once when something was given up, until shutdown.
pub async fn sweep_forever(
    resolver: Arc<Resolver>,
    neighbours: Neighbours,
    period: Duration,
    shutdown: CancellationToken,
) {
    loop {
        let work = async {
            sweep(&resolver, &neighbours).await;
            let _ = tokio::time::timeout(period, resolver.wake.sweep.notified()).await;
        };
        if shutdown.run_until_cancelled(work).await.is_none() {
            return;
        }
    }
}

/// One sweep. What fails is logged and left to the next one.
pub async fn sweep(resolver: &Resolver, neighbours: &Neighbours) {
    if let Err(error) = settle_claims(resolver, neighbours).await {
        warn(None, &error, "unconfirmed claims could not be settled");
    }
    if let Err(error) = remove_leftovers(resolver).await {
        warn(None, &error, "leftovers could not be removed");
    }
    if let Err(error) = erase_tenants(resolver, neighbours).await {
        warn(None, &error, "tenants could not be erased");
    }
    if let Err(error) = count_tenants(resolver).await {
        warn(None, &error, "tenants could not be counted");
    }
}

/// Asks identity about claims that are overdue: known → confirmed, unknown → abandoned, no answer → later.
async fn settle_claims(resolver: &Resolver, neighbours: &Neighbours) -> Result<(), Error> {
    let overdue = {
        let client = resolver.catalog.get().await?;
        claim::unconfirmed(&client, claim::overdue_since(resolver), BATCH).await?
    };
    for tenant in overdue {
        let settled = match neighbours.knows(tenant).await {
            Ok(true) => claim::confirm(resolver, tenant).await,
            Ok(false) => claim::abandon(resolver, tenant).await,
            Err(error) => {
                warn(
                    Some(tenant),
                    &error,
                    "identity could not be asked about a claim",
                );
                continue;
            }
        };
        if let Err(error) = settled {
            warn(Some(tenant), &error, "claim could not be settled");
        }
    }
    Ok(())
}

async fn remove_leftovers(resolver: &Resolver) -> Result<(), Error> {
    let leftovers = {
        let client = resolver.catalog.get().await?;
        provision::leftovers(&client, BATCH).await?
    };
    for (tenant, cluster) in leftovers {
        if let Err(error) = provision::remove(resolver, tenant, cluster).await {
            warn(Some(tenant), &error, "leftover could not be removed");
        }
    }
    Ok(())
}

async fn erase_tenants(resolver: &Resolver, neighbours: &Neighbours) -> Result<(), Error> {
    let due = {
        let client = resolver.catalog.get().await?;
        erasure::due(&client, resolver.clock.now(), BATCH).await?
    };
    for tenant in due {
        if let Err(error) = erasure::erase(resolver, neighbours, tenant).await {
            warn(Some(tenant), &error, "tenant could not be erased");
        }
    }
    Ok(())
}

async fn count_tenants(resolver: &Resolver) -> Result<(), Error> {
    let client = resolver.catalog.get().await?;
    for (status, tenants) in lifecycle::count(&client).await? {
        metrics::gauge!("resolver_tenants", "status" => status.text()).set(tenants as f64);
    }
    Ok(())
}
