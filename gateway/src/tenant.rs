//! Organizations by subdomain, remembered. An entry is good for a while, then asked for again; while the
//! resolver is away the old one serves on. `tenant.*` events drop entries at once, and make answers that were
//! already under way count as doubtful: the resolver may have given them before the change.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::num::NonZeroU32;
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

/// Counters of doubts; names that share one are asked for a little more often than they need be.
const DOUBTS: usize = 4096;

/// What is under a subdomain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// An organization that the door is open for.
    Here(Tenant),
    /// An organization that lives under another name now.
    Moved(TenantId, Subdomain),
}

/// An organization that the door is open for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tenant {
    pub id: TenantId,
    /// Requests of its members in a minute, if its plan limits them.
    pub requests_per_minute: Option<NonZeroU32>,
}

/// What the resolver answers about a subdomain.
#[derive(Debug, Clone, Deserialize)]
struct Found {
    id: TenantId,
    subdomain: String,
    status: String,
    #[serde(default)]
    limits: Limits,
}

#[derive(Debug, Clone, Default, Deserialize)]
struct Limits {
    #[serde(default)]
    requests_per_minute: Option<u64>,
}

#[derive(Debug, Clone)]
enum Asked {
    Found(Arc<Entry>),
    Unknown,
    Away,
}

#[derive(Debug)]
struct Entry {
    answer: Answer,
    at: Instant,
    doubt: Doubt,
}

/// What to tell who asks for a subdomain.
#[derive(Debug, Clone)]
enum Answer {
    Place(Place),
    Suspended,
    Unknown,
    NotYet,
}

/// The remembered organizations.
#[derive(Clone)]
pub struct Tenants(Arc<Inner>);

struct Inner {
    resolver: Upstream,
    known: sync::Cache<Subdomain, Arc<Entry>>,
    /// By name and doubt, so that who comes after a change does not wait for an answer from before it.
    asked: future::Cache<(Subdomain, Doubt), Asked>,
    doubts: Doubts,
}

/// How often what is remembered of a name was called in question: of its group of names, and of all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Doubt {
    group: usize,
    raised: u64,
}

struct Doubts {
    of_all: AtomicU64,
    of_group: Box<[AtomicU64]>,
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
            doubts: Doubts::new(),
        }))
    }

    /// What is under a subdomain, or the answer for who asks for an organization that is not to be had.
    pub async fn find(&self, subdomain: &Subdomain) -> Result<Place, Problem> {
        let known = self.0.known.get(subdomain);
        if let Some(entry) = known.as_deref().filter(|entry| self.fresh(entry)) {
            return entry.answer.give();
        }
        match (self.ask(subdomain).await, known) {
            (Asked::Found(entry), _) | (Asked::Away, Some(entry)) => entry.answer.give(),
            (Asked::Unknown, _) => Err(unknown()),
            (Asked::Away, None) => Err(Problem::unavailable(
                "tenant_lookup_unavailable",
                RETRY_AFTER_SECONDS,
            )),
        }
    }

    /// Forgets what is under a subdomain; an event told that it changed.
    pub fn forget(&self, subdomain: &Subdomain) {
        self.0.doubts.raise(subdomain);
        self.0.known.invalidate(subdomain);
    }

    /// Asks again about every organization: events may have been missed. What is known still serves while
    /// the resolver is away.
    pub fn doubt_all(&self) {
        self.0.doubts.of_all.fetch_add(1, Ordering::SeqCst);
    }

    fn fresh(&self, entry: &Entry) -> bool {
        entry.at.elapsed() < FRESH && self.0.doubts.none_since(entry.doubt)
    }

    /// Asks the resolver; callers that come meanwhile wait for the same answer.
    async fn ask(&self, subdomain: &Subdomain) -> Asked {
        let doubt = self.0.doubts.of(subdomain);
        let key = (subdomain.clone(), doubt);
        let asking = self.0.asked.get_with(key, self.fetch(subdomain, doubt));
        asking.await
    }

    async fn fetch(&self, subdomain: &Subdomain, doubt: Doubt) -> Asked {
        let path = format!("/internal/v1/tenants/by-subdomain/{subdomain}");
        let answer =
            tokio::time::timeout(LOOKUP_TIMEOUT, self.0.resolver.get::<Found>(&path, None)).await;
        match answer {
            Ok(Ok(found)) => {
                let entry = Arc::new(Entry {
                    answer: Answer::of(subdomain, &found),
                    at: Instant::now(),
                    doubt,
                });
                self.remember(subdomain, Arc::clone(&entry));
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

    /// Keeps an answer, unless it was called in question while it was on its way: then it must not serve even
    /// while the resolver is away. Checked afterwards, since the change may be told at any moment before.
    fn remember(&self, subdomain: &Subdomain, entry: Arc<Entry>) {
        let doubt = entry.doubt;
        self.0.known.insert(subdomain.clone(), entry);
        if !self.0.doubts.none_since(doubt) {
            self.0.known.invalidate(subdomain);
        }
    }
}

impl Doubts {
    fn new() -> Self {
        Self {
            of_all: AtomicU64::new(0),
            of_group: (0..DOUBTS).map(|_| AtomicU64::new(0)).collect(),
        }
    }

    fn of(&self, subdomain: &Subdomain) -> Doubt {
        let mut hasher = DefaultHasher::new();
        subdomain.hash(&mut hasher);
        let groups = self.of_group.len() as u64;
        let group = usize::try_from(hasher.finish() % groups).unwrap_or_default();
        let raised = self.raised(group);
        Doubt { group, raised }
    }

    fn raise(&self, subdomain: &Subdomain) {
        let group = self.of_group.get(self.of(subdomain).group);
        group.map(|raised| raised.fetch_add(1, Ordering::SeqCst));
    }

    fn none_since(&self, doubt: Doubt) -> bool {
        self.raised(doubt.group) == doubt.raised
    }

    /// Both counts only grow, so that their sum is the same only while both are.
    fn raised(&self, group: usize) -> u64 {
        let of_group = self.of_group.get(group);
        let of_group = of_group.map_or(0, |raised| raised.load(Ordering::SeqCst));
        self.of_all.load(Ordering::SeqCst) + of_group
    }
}

impl Answer {
    fn of(asked: &Subdomain, found: &Found) -> Self {
        match found.status.as_str() {
            // Whoever holds its database holds requests back for the moment that this takes.
            "active" | "moving" | "migrating" => Self::open(asked, found),
            "suspended" => Self::Suspended,
            "deleting" | "deleted" | "spare" => Self::Unknown,
            _ => Self::NotYet,
        }
    }

    fn open(asked: &Subdomain, found: &Found) -> Self {
        match Subdomain::of_host_label(&found.subdomain) {
            Some(present) if present == *asked => {
                let quota = found.limits.requests_per_minute;
                Self::Place(Place::Here(Tenant {
                    id: found.id,
                    requests_per_minute: quota.map(at_least_one),
                }))
            }
            Some(present) => Self::Place(Place::Moved(found.id, present)),
            None => Self::Unknown,
        }
    }

    fn give(&self) -> Result<Place, Problem> {
        match self {
            Self::Place(place) => Ok(place.clone()),
            Self::Suspended => Err(Problem::forbidden("tenant_suspended")
                .with_detail("this organization is suspended; its owner can ask support why")),
            Self::Unknown => Err(unknown()),
            Self::NotYet => Err(Problem::unavailable(
                "tenant_provisioning",
                RETRY_AFTER_SECONDS,
            )),
        }
    }
}

/// An organization that may not come at all is suspended, not limited.
fn at_least_one(quota: u64) -> NonZeroU32 {
    let quota = u32::try_from(quota).unwrap_or(u32::MAX);
    NonZeroU32::new(quota).unwrap_or(NonZeroU32::MIN)
}

fn away(error: &UpstreamError) -> Asked {
    tracing::warn!(error = error as &dyn std::error::Error, "look up a tenant");
    Asked::Away
}

/// The answer for a host that is nobody's.
pub(crate) fn unknown() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "tenant_unknown")
        .with_detail("there is no organization at this address")
}

#[cfg(test)]
mod tests;
