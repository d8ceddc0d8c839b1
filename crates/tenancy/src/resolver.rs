//! The cached client of tenant-resolver.
//!
//! A descriptor is asked for again after [`FRESH_FOR`]; while the resolver is away the last answer
//! serves on, so that its restart is nobody's outage. Refusals are never cached.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use httpkit::client::{Upstream, UpstreamError};
use kernel::{Page, TenantId};
use moka::future::Cache;
use serde::Deserialize;

use crate::{PoolError, TenantDescriptor};

/// Time an answer serves without being asked for again; `tenant.*` events shorten it.
const FRESH_FOR: Duration = Duration::from_secs(30);
/// Time the last answer serves while the resolver is away.
const KNOWN_FOR: Duration = Duration::from_secs(3600);
/// Tenants remembered; some 300 bytes each.
const CAPACITY: u64 = 20_000;

/// Tells where tenants' databases are. Cheap to clone.
#[derive(Clone)]
pub struct Resolver {
    source: Source,
    fresh: Cache<TenantId, Arc<TenantDescriptor>>,
    known: Cache<TenantId, Arc<TenantDescriptor>>,
}

#[derive(Clone)]
enum Source {
    Remote(Upstream),
    Fixed(Arc<HashMap<TenantId, Arc<TenantDescriptor>>>),
}

/// A tenant as the resolver's list shows it.
#[derive(Debug, Deserialize)]
pub struct TenantSummary {
    /// The tenant.
    pub id: TenantId,
}

impl Resolver {
    /// Asks tenant-resolver.
    pub fn remote(upstream: Upstream) -> Self {
        Self::new(Source::Remote(upstream))
    }

    /// Knows these tenants and no others, for tests.
    pub fn fixed(tenants: impl IntoIterator<Item = TenantDescriptor>) -> Self {
        let tenants = tenants.into_iter();
        let tenants = tenants.map(|tenant| (tenant.id, Arc::new(tenant)));
        Self::new(Source::Fixed(Arc::new(tenants.collect())))
    }

    fn new(source: Source) -> Self {
        let cache = |time_to_live| {
            let cache = Cache::builder().max_capacity(CAPACITY);
            cache.time_to_live(time_to_live).build()
        };
        Self {
            source,
            fresh: cache(FRESH_FOR),
            known: cache(KNOWN_FOR),
        }
    }

    /// Where the tenant's database is. Concurrent calls for one tenant ask once.
    pub async fn descriptor(&self, tenant: TenantId) -> Result<Arc<TenantDescriptor>, PoolError> {
        let found = self.fresh.try_get_with(tenant, self.refresh(tenant));
        found.await.map_err(|error| *error)
    }

    /// Drops what is known of a tenant.
    pub async fn forget(&self, tenant: TenantId) {
        self.fresh.invalidate(&tenant).await;
        self.known.invalidate(&tenant).await;
    }

    /// A page of all active tenants, for sweeps.
    pub async fn active_tenants(
        &self,
        cursor: Option<&str>,
    ) -> Result<Page<TenantId>, UpstreamError> {
        let upstream = match &self.source {
            Source::Remote(upstream) => upstream,
            Source::Fixed(tenants) => {
                let items = tenants.keys().copied().collect();
                let next_cursor = None;
                return Ok(Page { items, next_cursor });
            }
        };
        let path = match cursor {
            Some(cursor) => format!("/internal/v1/tenants?limit=200&cursor={cursor}"),
            None => "/internal/v1/tenants?limit=200".to_owned(),
        };
        let page: Page<TenantSummary> = upstream.get(&path, None).await?;
        Ok(Page {
            items: page.items.iter().map(|tenant| tenant.id).collect(),
            next_cursor: page.next_cursor,
        })
    }

    async fn refresh(&self, tenant: TenantId) -> Result<Arc<TenantDescriptor>, PoolError> {
        match self.ask(tenant).await {
            Ok(descriptor) => {
                self.known.insert(tenant, Arc::clone(&descriptor)).await;
                Ok(descriptor)
            }
            Err(PoolError::Unavailable) => {
                self.known.get(&tenant).await.ok_or(PoolError::Unavailable)
            }
            Err(refused) => {
                self.known.invalidate(&tenant).await;
                Err(refused)
            }
        }
    }

    async fn ask(&self, tenant: TenantId) -> Result<Arc<TenantDescriptor>, PoolError> {
        match &self.source {
            Source::Fixed(tenants) => tenants
                .get(&tenant)
                .map(Arc::clone)
                .ok_or(PoolError::Unknown),
            Source::Remote(upstream) => {
                let path = format!("/internal/v1/tenants/{tenant}/connection");
                let answer = upstream.get(&path, Some(tenant)).await;
                answer
                    .map(Arc::new)
                    .map_err(|error| refusal(tenant, &error))
            }
        }
    }
}

fn refusal(tenant: TenantId, error: &UpstreamError) -> PoolError {
    match error {
        UpstreamError::Status { status, .. } if *status == StatusCode::NOT_FOUND => {
            PoolError::Unknown
        }
        UpstreamError::Status { code, .. } if code == "tenant_suspended" => PoolError::Suspended,
        UpstreamError::Status { code, .. } if code == "tenant_provisioning" => {
            PoolError::Provisioning
        }
        UpstreamError::Status { code, .. } if code == "tenant_held" => PoolError::Held,
        UpstreamError::Status { .. }
        | UpstreamError::Unreachable { .. }
        | UpstreamError::Token(_)
        | UpstreamError::Path(_) => {
            let error = error as &dyn std::error::Error;
            tracing::warn!(tenant.id = %tenant, error, "ask resolver for tenant's database");
            PoolError::Unavailable
        }
    }
}
