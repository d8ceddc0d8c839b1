//! Keeps the stock of spares, one database at a time and slowly, so that neighbours do not notice.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::error::Error;
use crate::provision;
use crate::state::Resolver;

/// Flat-out building raised a neighbour's p99 ninefold; at this pace it is not felt.
const PACE: Duration = Duration::from_secs(1);
/// How often the stock is counted when nobody says that a spare was taken: other instances take some too.
const IDLE: Duration = Duration::from_secs(5);

/// Builds a spare whenever one is missing, until shutdown.
pub async fn refill(resolver: Arc<Resolver>, shutdown: CancellationToken) {
    loop {
        let work = async {
            match build_one_if_short(&resolver).await {
                Ok(true) => tokio::time::sleep(PACE).await,
                Ok(false) => wait(&resolver).await,
                Err(error) => {
                    tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        "spare could not be built"
                    );
                    tokio::time::sleep(IDLE).await;
                }
            }
        };
        // A build that is cut off here is removed by the next sweep.
        if shutdown.run_until_cancelled(work).await.is_none() {
            return;
        }
    }
}

async fn build_one_if_short(resolver: &Resolver) -> Result<bool, Error> {
    let stocks = {
        let client = resolver.catalog.get().await?;
        resolver.placement.count(&client).await?
    };
    let wanted = resolver.spares_wanted;
    let Some(short) = stocks.iter().find(|stock| stock.is_short_of(wanted)) else {
        return Ok(false);
    };
    let _permit = resolver.builds.acquire().await;
    let tenant = provision::build(resolver, Some(&short.name)).await?;
    tracing::info!(tenant.id = %tenant, "spare built");
    Ok(true)
}

async fn wait(resolver: &Resolver) {
    // A timeout is as good a reason to count again as a wake-up.
    let _ = tokio::time::timeout(IDLE, resolver.wake.stock.notified()).await;
}
