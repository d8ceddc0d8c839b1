//! Cleans up after crashes: finishes or discards half-built spares, settles claims that nobody confirmed, drops
//! what was released. Every step may run again, and on several instances at once.

use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use httpkit::client::{Upstream, UpstreamError};
use kernel::TenantId;
use serde::Deserialize;
use tokio_util::sync::CancellationToken;

use crate::error::Error;
use crate::state::Resolver;
use crate::{claim, provision};

/// Rows of a kind in one sweep; the next sweep takes the next ones.
const BATCH: i64 = 50;

/// What identity knows of organizations.
#[derive(Clone)]
pub struct Organizations(Upstream);

#[derive(Deserialize)]
struct Organization {}

impl Organizations {
    /// Asks identity through this client.
    pub fn new(identity: Upstream) -> Self {
        Self(identity)
    }

    /// Whether the sign-up that claimed this tenant was committed.
    async fn knows(&self, tenant: TenantId) -> Result<bool, UpstreamError> {
        let path = format!("/internal/v1/organizations/{tenant}");
        match self.0.get::<Organization>(&path, None).await {
            Ok(_) => Ok(true),
            // Only a problem of ours counts: a proxy's 404 must not cost anyone a database.
            Err(UpstreamError::Status {
                status: StatusCode::NOT_FOUND,
                code,
                ..
            }) if code == "not_found" => Ok(false),
            Err(error) => Err(error),
        }
    }
}

/// Sweeps every `period`, and at once when something was released, until shutdown.
pub async fn sweep_forever(
    resolver: Arc<Resolver>,
    organizations: Organizations,
    period: Duration,
    shutdown: CancellationToken,
) {
    loop {
        let work = async {
            sweep(&resolver, &organizations).await;
            let _ = tokio::time::timeout(period, resolver.wake.sweep.notified()).await;
        };
        if shutdown.run_until_cancelled(work).await.is_none() {
            return;
        }
    }
}

/// One sweep. What fails is logged and left to the next one.
pub async fn sweep(resolver: &Resolver, organizations: &Organizations) {
    log(
        "half-built spares could not be swept",
        half_built(resolver).await,
    );
    log(
        "unconfirmed claims could not be settled",
        settle_claims(resolver, organizations).await,
    );
    log(
        "released tenants could not be dropped",
        drop_released(resolver).await,
    );
}

/// Finishes what is needed as a spare, discards the rest.
async fn half_built(resolver: &Resolver) -> Result<(), Error> {
    let (rows, mut stock) = {
        let client = resolver.catalog.get().await?;
        let rows = provision::half_built(&client, &resolver.seal, BATCH).await?;
        (rows, provision::stock(&client).await?)
    };
    for row in rows {
        let tenant = row.id;
        stock.half_built -= 1;
        if stock.is_short_of(resolver.spares_wanted) {
            match provision::finish(resolver, row).await {
                Ok(Some(_)) => stock.spares += 1,
                Ok(None) => stock.half_built += 1,
                Err(error) => warn(tenant, &error, "half-built spare could not be finished"),
            }
        } else if let Err(error) = provision::discard(resolver, &row).await {
            warn(tenant, &error, "half-built spare could not be discarded");
        }
    }
    Ok(())
}

/// Asks identity about claims that are overdue: known → confirmed, unknown → released, no answer → later.
async fn settle_claims(resolver: &Resolver, organizations: &Organizations) -> Result<(), Error> {
    let overdue = {
        let client = resolver.catalog.get().await?;
        claim::unconfirmed(&client, claim::overdue_since(resolver), BATCH).await?
    };
    for tenant in overdue {
        let settled = match organizations.knows(tenant).await {
            Ok(true) => claim::confirm(resolver, tenant).await,
            Ok(false) => claim::release(resolver, tenant).await,
            Err(error) => {
                warn(tenant, &error, "identity could not be asked about a claim");
                continue;
            }
        };
        if let Err(error) = settled {
            warn(tenant, &error, "claim could not be settled");
        }
    }
    Ok(())
}

async fn drop_released(resolver: &Resolver) -> Result<(), Error> {
    let abandoned = {
        let client = resolver.catalog.get().await?;
        provision::abandoned(&client, BATCH).await?
    };
    for (tenant, cluster) in abandoned {
        if let Err(error) = provision::drop_abandoned(resolver, tenant, cluster).await {
            warn(tenant, &error, "released tenant could not be dropped");
        }
    }
    Ok(())
}

fn warn(tenant: TenantId, error: &(dyn std::error::Error + 'static), message: &str) {
    tracing::warn!(tenant.id = %tenant, error, "{message}");
}

fn log(message: &str, swept: Result<(), Error>) {
    if let Err(error) = swept {
        tracing::warn!(error = &error as &dyn std::error::Error, "{message}");
    }
}
