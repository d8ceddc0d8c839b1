//! Keeps the stock of spares of each cluster that takes tenants, one database at a time and slowly, so that neighbours
//! do not notice. One instance does it for all: the one that holds the lease.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

use crate::error::Error;
use crate::lease;
use crate::placement::Stock;
use crate::provision::{self, Cluster};
use crate::state::Resolver;

/// Flat-out building raised a neighbour's p99 ninefold; at this pace it is not felt.
const PACE: Duration = Duration::from_secs(1);
/// A build that takes long tells of a busy cluster: building is at most this share of the time.
const BUILDING_SHARE: u32 = 5;
/// How often the stock is counted when nobody says that a spare was taken: other instances take some too.
const IDLE: Duration = Duration::from_secs(5);
const LEASE: &str = "refill";
/// Longer than all pauses here; an instance that dies keeps the others from refilling this long.
const LEASE_LENGTH: Duration = Duration::from_secs(15);

/// Builds a spare whenever one is missing, until shutdown.
pub async fn refill(resolver: Arc<Resolver>, shutdown: CancellationToken) {
    loop {
        let work = async {
            match build_one_if_short(&resolver).await {
                Ok(Some(took)) => {
                    tokio::time::sleep((took * BUILDING_SHARE).clamp(PACE, IDLE)).await;
                }
                Ok(None) => wait(&resolver).await,
                Err(error) => {
                    super::warn(None, &error, "spare could not be built");
                    tokio::time::sleep(IDLE).await;
                }
            }
        };
        // A build that is cut off here is removed by the next sweep.
        if shutdown.run_until_cancelled(work).await.is_none() {
            break;
        }
    }
    if let Err(error) = lease::give_back(&resolver, LEASE).await {
        super::warn(None, &error, "lease could not be given back");
    }
}

/// Answers how long the build took, or that none is needed or allowed now.
async fn build_one_if_short(resolver: &Resolver) -> Result<Option<Duration>, Error> {
    let stocks = {
        let client = resolver.catalog.get().await?;
        resolver.placement.count(&client).await?
    };
    for stock in &stocks {
        let cluster = stock.name.clone();
        metrics::gauge!("resolver_spares_available", "cluster" => cluster).set(stock.spares as f64);
    }
    let wanted = resolver.spares_wanted;
    let short: Vec<Stock> = stocks
        .into_iter()
        .filter(|stock| stock.is_short_of(wanted))
        .collect();
    if short.is_empty() || !lease::take(resolver, LEASE, LEASE_LENGTH).await? {
        return Ok(None);
    }
    let mut failed = None;
    for stock in short {
        match build_unless_spared(resolver, &stock).await {
            Ok(None) => {}
            Ok(Some(took)) => return Ok(Some(took)),
            // One cluster that is away must not keep the others from their spares.
            Err(error) => failed = Some(error),
        }
    }
    failed.map_or(Ok(None), Err)
}

async fn build_unless_spared(
    resolver: &Resolver,
    stock: &Stock,
) -> Result<Option<Duration>, Error> {
    if is_spared(resolver, stock).await? {
        return Ok(None);
    }
    let _permit = resolver.builds.acquire().await;
    let started = Instant::now();
    let tenant = provision::build(resolver, Some(&stock.name)).await?;
    tracing::info!(tenant.id = %tenant, "spare built");
    Ok(Some(started.elapsed()))
}

/// Whether a cluster has enough to write as it is. The last spare is made in any case: without it a sign-up builds its
/// own, and waits.
async fn is_spared(resolver: &Resolver, stock: &Stock) -> Result<bool, Error> {
    if stock.spares == 0 {
        return Ok(false);
    }
    let cluster = {
        let client = resolver.catalog.get().await?;
        Cluster::by_id(&client, &resolver.seal, stock.cluster).await?
    };
    let backlog = cluster.checkpoint_backlog().await?;
    let cluster = stock.name.clone();
    metrics::gauge!("resolver_checkpoint_backlog_ratio", "cluster" => cluster).set(backlog);
    Ok(backlog > resolver.checkpoint_backlog_limit)
}

async fn wait(resolver: &Resolver) {
    // A timeout is as good a reason to count again as a wake-up.
    let _ = tokio::time::timeout(IDLE, resolver.wake.stock.notified()).await;
}
