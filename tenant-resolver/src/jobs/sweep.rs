//! Cleans up after crashes: settles claims that nobody confirmed, removes half-built spares that lost their builder
//! and claims that were abandoned. Every step may run again, and on several instances at once.

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
    if let Err(error) = settle_claims(resolver, organizations).await {
        warn(None, &error, "unconfirmed claims could not be settled");
    }
    if let Err(error) = remove_leftovers(resolver).await {
        warn(None, &error, "leftovers could not be removed");
    }
}

/// Asks identity about claims that are overdue: known → confirmed, unknown → abandoned, no answer → later.
async fn settle_claims(resolver: &Resolver, organizations: &Organizations) -> Result<(), Error> {
    let overdue = {
        let client = resolver.catalog.get().await?;
        claim::unconfirmed(&client, claim::overdue_since(resolver), BATCH).await?
    };
    for tenant in overdue {
        let settled = match organizations.knows(tenant).await {
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

fn warn(tenant: Option<TenantId>, error: &(dyn std::error::Error + 'static), message: &str) {
    tracing::warn!(
        tenant.id = tenant.map(tracing::field::display),
        error,
        "{message}"
    );
}
