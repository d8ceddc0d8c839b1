//! The connections of one PostgreSQL server: does what the state machine decides.
//!
//! Connects and closes run in tracked tasks, so that a request that gives up wastes neither.

use std::future::Future;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Weak};

use kernel::{ClusterId, TenantId};
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout_at};
use tokio_util::task::TaskTracker;

use super::exchange::{Exchange, Grant, Host, Setback};
use super::lease::Lease;
use super::meters::Meters;
use super::physical::{Permit, Physical, establish};
use super::state::{Busy, Counts, Origin, Purpose, State};
use crate::resolver::Told;
use crate::{PoolError, PoolSettings, TenantDescriptor};

/// `suspected_at` while nothing is suspected.
const NEVER: u64 = 0;

pub(crate) struct Cluster {
    id: ClusterId,
    settings: Arc<PoolSettings>,
    exchange: Exchange<Cluster>,
    connect_gate: Semaphore,
    made_at: Instant,
    /// Milliseconds after `made_at`: connections not seen alive since then may have died with one
    /// that did.
    suspected_at: AtomicU64,
    /// The cluster's budget as last told, 0 when not told, and the number of that answer.
    budget_told: AtomicU32,
    budget_answer: AtomicU64,
    tasks: TaskTracker,
    runtime: Handle,
    meters: Meters,
}

impl Cluster {
    pub(super) fn new(id: ClusterId, settings: Arc<PoolSettings>, tasks: TaskTracker) -> Arc<Self> {
        Arc::new(Self {
            id,
            exchange: Exchange::new(settings.budget_of(None), settings.queue),
            connect_gate: Semaphore::new(settings.connect_gate),
            made_at: Instant::now(),
            suspected_at: AtomicU64::new(NEVER),
            budget_told: AtomicU32::new(0),
            budget_answer: AtomicU64::new(0),
            tasks,
            runtime: Handle::current(),
            meters: Meters::new(id),
            settings,
        })
    }

    /// A live connection of the tenant before the deadline.
    pub(super) async fn acquire(
        self: &Arc<Self>,
        told: &Told,
        purpose: Purpose,
        deadline: Instant,
    ) -> Result<Lease, Setback> {
        let started = Instant::now();
        self.follow_budget(told);
        loop {
            let mut lease = self.next_lease(told, purpose, deadline).await?;
            // A dead one is closed here, and the next is newer or freshly connected.
            if lease.is_alive(started, deadline).await {
                self.meters.waited(purpose, started.elapsed());
                return Ok(lease);
            }
            if Instant::now() >= deadline {
                return Err(Setback::Final(PoolError::Timeout));
            }
        }
    }

    async fn next_lease(
        self: &Arc<Self>,
        told: &Told,
        purpose: Purpose,
        deadline: Instant,
    ) -> Result<Lease, Setback> {
        if purpose == Purpose::Request {
            if let Some(grant) = Exchange::take(self, &told.descriptor) {
                self.meters.hit();
                return Ok(Lease::new(grant));
            }
            self.meters.miss();
        }
        let wait = Exchange::wait(self, &told.descriptor, told.evictions, purpose);
        match timeout_at(deadline, wait).await {
            Ok(granted) => granted.map(Lease::new),
            Err(_elapsed) => Err(Setback::Final(PoolError::Timeout)),
        }
    }

    /// Takes over what the newest answer of the resolver says of the cluster.
    fn follow_budget(self: &Arc<Self>, told: &Told) {
        let budget = told.descriptor.connection_budget;
        if budget.unwrap_or(0) == self.budget_told.load(Ordering::Relaxed) {
            return;
        }
        let settings = &self.settings;
        Exchange::with(self, |state| {
            // Answers about other tenants may be older than the one that was followed last.
            if told.number >= self.budget_answer.load(Ordering::Relaxed) {
                self.budget_answer.store(told.number, Ordering::Relaxed);
                self.budget_told
                    .store(budget.unwrap_or(0), Ordering::Relaxed);
                state.set_budget(settings.budget_of(budget));
            }
        });
    }

    async fn open(
        self: Arc<Self>,
        origin: Origin,
        target: Arc<TenantDescriptor>,
        evicted: Option<Box<Physical>>,
    ) {
        let permit = match evicted {
            Some(evicted) => {
                self.meters.evicted();
                evicted.close().await
            }
            None => Permit(Arc::downgrade(&self)),
        };
        // The gate is never closed; were it, connecting without it would do no harm.
        let gate = self.connect_gate.acquire().await;
        let connected = establish(&target, &self.settings).await;
        drop(gate);
        match connected {
            Ok(connection) => {
                self.meters.connected();
                let now = Instant::now();
                let physical = Physical {
                    connection,
                    seen_at: now,
                    expires_at: now + self.settings.lifetime(),
                    permit,
                };
                Exchange::connected(&self, origin, Box::new(physical));
            }
            Err(setback) => {
                Exchange::connect_failed(&self, origin, &setback);
                drop(permit);
            }
        }
    }

    /// A place in the budget is free.
    pub(super) fn closed(self: &Arc<Self>) {
        Exchange::with(self, State::closed);
    }

    /// Ends the tenant's connections; `number` counts evictions of all tenants.
    pub(super) fn evict(self: &Arc<Self>, tenant: TenantId, number: u64) {
        Exchange::with(self, |state| state.evict(tenant, number));
    }

    /// Closes what has been idle for too long or has grown too old, and shows how it stands. To be
    /// called once a period.
    pub(super) fn keep_tidy(self: &Arc<Self>) {
        let now = Instant::now();
        let idle_timeout = self.settings.idle_timeout;
        let (counts, longest) = Exchange::with(self, |state| {
            state.period_passed();
            state.reap(|idle| idle.expires_at <= now || idle.seen_at + idle_timeout <= now);
            let longest = state.fronts().map(super::exchange::Waiter::waits_for).max();
            (state.counts(), longest.unwrap_or_default())
        });
        self.meters.show(counts, longest);
    }

    pub(super) fn retire(self: &Arc<Self>) {
        Exchange::with(self, State::retire);
    }

    pub(super) fn counts(self: &Arc<Self>) -> Counts {
        Exchange::with(self, |state| state.counts())
    }

    pub(super) fn busiest(self: &Arc<Self>, most: usize) -> Vec<Busy> {
        Exchange::with(self, |state| state.busiest(most))
    }

    pub(super) fn id(&self) -> ClusterId {
        self.id
    }

    /// A connection was found dead: perhaps the server was restarted.
    pub(super) fn suspect(&self) {
        let now = self.since_made(Instant::now()) + 1;
        self.suspected_at.fetch_max(now, Ordering::Relaxed);
    }

    pub(super) fn doubts(&self, seen_at: Instant, now: Instant) -> bool {
        now.saturating_duration_since(seen_at) >= self.settings.ping_after
            || self.since_made(seen_at) < self.suspected_at.load(Ordering::Relaxed)
    }

    /// Also called where a guard is dropped outside of the runtime.
    pub(super) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.tasks.spawn_on(task, &self.runtime);
    }

    fn since_made(&self, at: Instant) -> u64 {
        let since = at.saturating_duration_since(self.made_at).as_millis();
        u64::try_from(since).unwrap_or(u64::MAX)
    }
}

impl Host for Cluster {
    type Connection = Box<Physical>;

    fn exchange(&self) -> &Exchange<Self> {
        &self.exchange
    }

    fn connect(
        self: &Arc<Self>,
        origin: Origin,
        target: Arc<TenantDescriptor>,
        evicted: Option<Box<Physical>>,
    ) {
        self.spawn(Arc::clone(self).open(origin, target, evicted));
    }

    fn close(self: &Arc<Self>, connection: Box<Physical>) {
        self.spawn(async { drop(connection.close().await) });
    }

    fn may_return(&self, connection: &mut Box<Physical>) -> bool {
        connection.seen_at = Instant::now();
        connection.seen_at < connection.expires_at
    }
}

/// How a connection reaches its cluster without keeping it.
pub(super) type ClusterRef = Weak<Cluster>;

/// The right to use a connection to a cluster.
pub(super) type ClusterGrant = Grant<Cluster>;
