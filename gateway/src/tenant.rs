//! Organizations by subdomain, remembered. An entry is good for a while, then asked for again; while the
//! resolver is away the old one serves on. `tenant.*` events drop entries at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use http::StatusCode;
use httpkit::Problem;
use httpkit::client::{Upstream, UpstreamError};
use kernel::{Subdomain, TenantId};
use moka::{future, sync};
use serde::Deserialize;

/// How long an entry is good without asking; events make it shorter, their loss must not make it eternal.
const FRESH: Duration = Duration::from_secs(30);

/// How long an entry may serve while the resolver is away.
const STALE: Duration = Duration::from_secs(3600);

/// How long an answer of the resolver is not asked for again: strangers guess names.
const ASKED: Duration = Duration::from_secs(2);

/// Entries of each cache.
const ENTRIES: u64 = 50_000;

/// Longer than the resolver ever takes when it is well.
const LOOKUP_TIMEOUT: Duration = Duration::from_secs(2);

/// Seconds after which a client may come back.
const RETRY_AFTER_SECONDS: u64 = 2;

/// An organization that the door is open for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tenant {
    pub id: TenantId,
}

/// What the resolver answers about a subdomain.
#[derive(Debug, Clone, Deserialize)]
struct Found {
    id: TenantId,
    status: String,
}

#[derive(Debug, Clone)]
enum Asked {
    Found(Arc<Entry>),
    Unknown,
    Away,
}

#[derive(Debug)]
struct Entry {
    found: Found,
    at: Instant,
    epoch: u64,
}

/// The remembered organizations.
#[derive(Clone)]
pub struct Tenants(Arc<Inner>);

struct Inner {
    resolver: Upstream,
    known: sync::Cache<Subdomain, Arc<Entry>>,
    asked: future::Cache<Subdomain, Asked>,
    epoch: AtomicU64,
}

impl Tenants {
    /// Remembers what `resolver` says.
    pub fn new(resolver: Upstream) -> Self {
        Self(Arc::new(Inner {
            resolver,
            known: sync::Cache::builder()
                .max_capacity(ENTRIES)
                .time_to_live(STALE)
                .build(),
            asked: future::Cache::builder()
                .max_capacity(ENTRIES)
                .time_to_live(ASKED)
                .build(),
            epoch: AtomicU64::new(0),
        }))
    }

    /// The organization under a subdomain, or the answer for who asks for one that is not to be had.
    pub async fn find(&self, subdomain: &Subdomain) -> Result<Tenant, Problem> {
        let known = self.0.known.get(subdomain);
        if let Some(entry) = known.as_deref().filter(|entry| self.fresh(entry)) {
            return judge(&entry.found);
        }
        match (self.ask(subdomain).await, known) {
            (Asked::Found(entry), _) | (Asked::Away, Some(entry)) => judge(&entry.found),
            (Asked::Unknown, _) => Err(unknown()),
            (Asked::Away, None) => Err(Problem::unavailable(
                "tenant_lookup_unavailable",
                RETRY_AFTER_SECONDS,
            )),
        }
    }

    /// Forgets one organization; an event told that it changed.
    pub async fn forget(&self, subdomain: &Subdomain) {
        self.0.known.invalidate(subdomain);
        self.0.asked.invalidate(subdomain).await;
    }

    /// Asks again about every organization: events may have been missed. What is known still serves while
    /// the resolver is away.
    pub fn doubt_all(&self) {
        self.0.epoch.fetch_add(1, Ordering::Relaxed);
        self.0.asked.invalidate_all();
    }

    fn fresh(&self, entry: &Entry) -> bool {
        entry.at.elapsed() < FRESH && entry.epoch == self.0.epoch.load(Ordering::Relaxed)
    }

    /// Asks the resolver; callers that come meanwhile wait for the same answer.
    async fn ask(&self, subdomain: &Subdomain) -> Asked {
        let asking = self
            .0
            .asked
            .get_with_by_ref(subdomain, self.fetch(subdomain));
        asking.await
    }

    async fn fetch(&self, subdomain: &Subdomain) -> Asked {
        // Read before asking, so that a doubt raised meanwhile counts.
        let epoch = self.0.epoch.load(Ordering::Relaxed);
        let path = format!("/internal/v1/tenants/by-subdomain/{subdomain}");
        let answer =
            tokio::time::timeout(LOOKUP_TIMEOUT, self.0.resolver.get::<Found>(&path, None)).await;
        match answer {
            Ok(Ok(found)) => {
                let entry = Arc::new(Entry {
                    found,
                    at: Instant::now(),
                    epoch,
                });
                self.0.known.insert(subdomain.clone(), Arc::clone(&entry));
                Asked::Found(entry)
            }
            Ok(Err(error)) if error.status() == Some(StatusCode::NOT_FOUND) => {
                self.0.known.invalidate(subdomain);
                Asked::Unknown
            }
            Ok(Err(error)) => away(&error),
            Err(_) => {
                tracing::warn!("the resolver did not answer in time");
                Asked::Away
            }
        }
    }
}

fn away(error: &UpstreamError) -> Asked {
    tracing::warn!(error = error as &dyn std::error::Error, "look up a tenant");
    Asked::Away
}

fn judge(found: &Found) -> Result<Tenant, Problem> {
    match found.status.as_str() {
        "active" => Ok(Tenant { id: found.id }),
        "suspended" => Err(Problem::forbidden("tenant_suspended")
            .with_detail("this organization is suspended; its owner can ask support why")),
        "deleting" | "deleted" | "spare" => Err(unknown()),
        _ => Err(Problem::unavailable(
            "tenant_provisioning",
            RETRY_AFTER_SECONDS,
        )),
    }
}

/// The answer for a host that is nobody's.
pub(crate) fn unknown() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "tenant_unknown")
        .with_detail("there is no organization at this address")
}
