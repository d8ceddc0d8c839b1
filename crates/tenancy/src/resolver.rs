//! The cached client of tenant-resolver.
//!
//! A descriptor is asked for again after [`FRESH_FOR`]; while the resolver is away the last answer
//! serves on, so that its restart is nobody's outage. Of the refusals only that a tenant is held
//! is kept, for a moment: many requests may wait for its end.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::StatusCode;
use httpkit::client::{Upstream, UpstreamError};
use kernel::{Page, TenantId};
use moka::future::Cache;
use serde::Deserialize;
use tokio::time::Instant;

use crate::{PoolError, TenantDescriptor};

/// Time an answer serves without being asked for again; `tenant.*` events shorten it.
const FRESH_FOR: Duration = Duration::from_secs(30);
/// Time the last answer serves while the resolver is away.
const KNOWN_FOR: Duration = Duration::from_secs(3600);
/// Tenants remembered; about a kilobyte each.
const CAPACITY: u64 = 20_000;
/// Time for which a held tenant is not asked for again.
pub(crate) const HELD_FOR: Duration = Duration::from_millis(20);
/// How often an answer that was overtaken by an eviction is asked for again.
const OVERTAKEN_AT_MOST: usize = 5;

/// Tells where tenants' databases are. Cheap to clone.
#[derive(Clone)]
pub struct Resolver {
    source: Source,
    fresh: Cache<TenantId, Told>,
    known: Cache<TenantId, Told>,
    counters: Arc<Counters>,
}

#[derive(Default)]
struct Counters {
    asked: AtomicU64,
    evictions: AtomicU64,
    /// When a held tenant may be asked for again.
    held: Mutex<HashMap<TenantId, Instant>>,
}

/// An answer of the resolver.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    pub(crate) descriptor: Arc<TenantDescriptor>,
    /// Counts the answers: a greater one was asked for later.
    pub(crate) number: u64,
    /// Evictions, of any tenant, before it was asked for.
    pub(crate) evictions: u64,
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
            counters: Arc::default(),
        }
    }

    /// Where the tenant's database is. Concurrent calls for one tenant ask once.
    pub async fn descriptor(&self, tenant: TenantId) -> Result<Arc<TenantDescriptor>, PoolError> {
        Ok(self.told(tenant).await?.descriptor)
    }

    /// Drops what is known of a tenant; its connections stay.
    pub async fn refresh(&self, tenant: TenantId) {
        self.forget(tenant).await;
    }

    pub(crate) async fn told(&self, tenant: TenantId) -> Result<Told, PoolError> {
        if let Some(told) = self.fresh.get(&tenant).await {
            return Ok(told);
        }
        Box::pin(self.asked(tenant)).await
    }

    /// Drops what is known of a tenant and answers how many evictions there were with this one.
    pub(crate) async fn forget(&self, tenant: TenantId) -> u64 {
        // Counted first: an answer on its way is found to be overtaken.
        let number = self.counters.evictions.fetch_add(1, Ordering::AcqRel) + 1;
        self.held().remove(&tenant);
        self.known.invalidate(&tenant).await;
        self.fresh.invalidate(&tenant).await;
        number
    }

    /// Drops an answer whose login was refused, unless a newer one has taken its place.
    pub(crate) async fn forget_login(&self, tenant: TenantId, refused: &Arc<TenantDescriptor>) {
        for cache in [&self.known, &self.fresh] {
            let cached = cache.get(&tenant).await;
            if cached.is_some_and(|told| Arc::ptr_eq(&told.descriptor, refused)) {
                cache.invalidate(&tenant).await;
            }
        }
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

    /// An answer that no eviction has overtaken.
    async fn asked(&self, tenant: TenantId) -> Result<Told, PoolError> {
        let mut answer = Err(PoolError::Unavailable);
        for _ in 0..OVERTAKEN_AT_MOST {
            if self.is_held(tenant) {
                return Err(PoolError::Held);
            }
            let found = self.fresh.try_get_with(tenant, self.ask_anew(tenant)).await;
            let told = found.map_err(|error| *error)?;
            let current = told.evictions == self.evictions();
            answer = Ok(told);
            if current {
                break;
            }
            self.known.invalidate(&tenant).await;
            self.fresh.invalidate(&tenant).await;
        }
        answer
    }

    async fn ask_anew(&self, tenant: TenantId) -> Result<Told, PoolError> {
        let (number, evictions) = (
            self.counters.asked.fetch_add(1, Ordering::Relaxed) + 1,
            self.evictions(),
        );
        match self.ask(tenant).await {
            Ok(descriptor) => {
                let told = Told {
                    descriptor,
                    number,
                    evictions,
                };
                self.known.insert(tenant, told.clone()).await;
                Ok(told)
            }
            Err(PoolError::Unavailable) => {
                let known = self.known.get(&tenant).await;
                let known = known.ok_or(PoolError::Unavailable)?;
                Ok(Told { evictions, ..known })
            }
            Err(refused) => {
                self.known.invalidate(&tenant).await;
                if refused == PoolError::Held {
                    self.hold(tenant);
                }
                Err(refused)
            }
        }
    }

    fn evictions(&self) -> u64 {
        self.counters.evictions.load(Ordering::Acquire)
    }

    fn hold(&self, tenant: TenantId) {
        let now = Instant::now();
        let mut held = self.held();
        held.retain(|_, until| *until > now);
        held.insert(tenant, now + HELD_FOR);
    }

    fn is_held(&self, tenant: TenantId) -> bool {
        let held = self.held().get(&tenant).copied();
        held.is_some_and(|until| Instant::now() < until)
    }

    fn held(&self) -> MutexGuard<'_, HashMap<TenantId, Instant>> {
        let held = self.counters.held.lock();
        held.unwrap_or_else(PoisonError::into_inner)
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
