//! What cannot wait for a sweep, since requests wait for it: ends holds whose holder died and finishes rotations
//! that were cut off. Looks each second.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::credentials::{self, Rotation};
use crate::error::Error;
use crate::hold;
use crate::state::Resolver;

const PERIOD: Duration = Duration::from_secs(1);
/// Rows of a kind in one round; the next round takes the next ones.
const BATCH: i64 = 100;

/// Looks each second, until shutdown.
pub async fn mend_forever(resolver: Arc<Resolver>, shutdown: CancellationToken) {
    loop {
        let work = async {
            mend(&resolver).await;
            tokio::time::sleep(PERIOD).await;
        };
        if shutdown.run_until_cancelled(work).await.is_none() {
            return;
        }
    }
}

/// One round. What fails is logged and left to the next one.
pub async fn mend(resolver: &Resolver) {
    if let Err(error) = end_holds(resolver).await {
        super::warn(None, &error, "holds could not be ended");
    }
    if let Err(error) = finish_rotations(resolver).await {
        super::warn(None, &error, "rotations could not be finished");
    }
}

async fn end_holds(resolver: &Resolver) -> Result<(), Error> {
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

async fn finish_rotations(resolver: &Resolver) -> Result<(), Error> {
    let rotating = {
        let client = resolver.catalog.get().await?;
        credentials::rotating(&client, BATCH).await?
    };
    for tenant in rotating {
        if let Err(error) = finish_rotation(resolver, tenant).await {
            super::warn(Some(tenant), &error, "rotation could not be finished");
        }
    }
    Ok(())
}

async fn finish_rotation(resolver: &Resolver, tenant: kernel::TenantId) -> Result<(), Error> {
    let Some(rotation) = Rotation::resume(resolver, tenant).await? else {
        return Ok(());
    };
    rotation.alter_role().await?;
    rotation.promote().await?;
    tracing::warn!(tenant.id = %tenant, "rotation that was cut off is finished");
    Ok(())
}
