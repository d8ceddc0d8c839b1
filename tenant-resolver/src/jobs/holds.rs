//! Ends holds whose holder died: each second, since requests wait meanwhile.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::error::Error;
use crate::hold;
use crate::state::Resolver;

const PERIOD: Duration = Duration::from_secs(1);
/// Holds ended in one round; the next round takes the next ones.
const BATCH: i64 = 100;

/// Looks each second, until shutdown.
pub async fn end_holds_forever(resolver: Arc<Resolver>, shutdown: CancellationToken) {
    loop {
        let work = async {
            end_holds(&resolver).await;
            tokio::time::sleep(PERIOD).await;
        };
        if shutdown.run_until_cancelled(work).await.is_none() {
            return;
        }
    }
}

/// One round. What fails is logged and left to the next one.
pub async fn end_holds(resolver: &Resolver) {
    if let Err(error) = try_end_holds(resolver).await {
        tracing::warn!(
            error = &error as &dyn std::error::Error,
            "holds could not be ended"
        );
    }
}

async fn try_end_holds(resolver: &Resolver) -> Result<(), Error> {
    let (over, open) = {
        let client = resolver.catalog.get().await?;
        let over = hold::over(&client, resolver.clock.now(), BATCH).await?;
        (over, hold::count_open(&client).await?)
    };
    metrics::gauge!("resolver_holds_open").set(open as f64);
    for tenant in over {
        if hold::end(resolver, tenant).await? {
            tracing::warn!(tenant.id = %tenant, "hold ran out and was ended");
        }
    }
    Ok(())
}
