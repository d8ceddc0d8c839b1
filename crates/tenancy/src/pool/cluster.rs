//! The connections of one PostgreSQL server: does what the state machine decides.
//!
//! The lock is never held across an await or while a connection is dropped; connects and closes
//! run in tracked tasks, so that a request that gives up wastes neither.

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use kernel::{ClusterId, TenantId};
use tokio::runtime::Handle;
use tokio::sync::{Semaphore, oneshot};
use tokio::time::{Instant, timeout_at};
use tokio_util::task::TaskTracker;

use super::lease::Lease;
use super::meters::Meters;
use super::physical::{Permit, Physical, establish};
use super::state::{Counts, Origin, State, Step, Ticket};
use crate::{PoolError, PoolSettings, TenantDescriptor};

type Waiter = oneshot::Sender<Result<Lease, PoolError>>;

pub(crate) struct Cluster {
    me: Weak<Cluster>,
    settings: Arc<PoolSettings>,
    state: Mutex<State<Physical, Waiter>>,
    connect_gate: Semaphore,
    /// Connections not seen alive since then may have died with one that did.
    suspected_at: Mutex<Instant>,
    tasks: TaskTracker,
    runtime: Handle,
    meters: Meters,
}

/// A place in the queue; leaving it takes the place away.
struct Queued<'a> {
    cluster: &'a Cluster,
    tenant: TenantId,
    ticket: Ticket,
}

impl Drop for Queued<'_> {
    fn drop(&mut self) {
        self.cluster
            .with(|state| state.cancel(self.tenant, self.ticket));
    }
}

impl Cluster {
    pub(super) fn new(id: ClusterId, settings: Arc<PoolSettings>, tasks: TaskTracker) -> Arc<Self> {
        Arc::new_cyclic(|me| Self {
            me: Weak::clone(me),
            state: Mutex::new(State::new(settings.budget, settings.queue)),
            connect_gate: Semaphore::new(settings.connect_gate),
            suspected_at: Mutex::new(Instant::now()),
            tasks,
            runtime: Handle::current(),
            meters: Meters::new(id),
            settings,
        })
    }

    /// A live connection of the tenant, in the time that [`PoolSettings::acquire_timeout`] gives.
    pub(super) async fn acquire(&self, target: &Arc<TenantDescriptor>) -> Result<Lease, PoolError> {
        let started = Instant::now();
        let deadline = started + self.settings.acquire_timeout;
        loop {
            let mut lease = self.next_lease(target, deadline).await?;
            // A dead one is closed here, and the next is newer or freshly connected.
            if lease.is_alive(deadline).await {
                self.meters.waited(started.elapsed());
                return Ok(lease);
            }
            if Instant::now() >= deadline {
                return Err(PoolError::Timeout);
            }
        }
    }

    async fn next_lease(
        &self,
        target: &Arc<TenantDescriptor>,
        deadline: Instant,
    ) -> Result<Lease, PoolError> {
        if let Some(physical) = self.with(|state| state.take_idle(target)) {
            self.meters.hit();
            return self.lease(physical).ok_or(PoolError::Unavailable);
        }
        self.meters.miss();
        let (waiter, granted) = oneshot::channel();
        let ticket = self
            .with(|state| state.enqueue(target, waiter))
            .map_err(|_waiter| PoolError::Busy)?;
        let _queued = Queued {
            cluster: self,
            tenant: target.id,
            ticket,
        };
        match timeout_at(deadline, granted).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_dropped)) => Err(PoolError::Unavailable),
            Err(_elapsed) => Err(PoolError::Timeout),
        }
    }

    /// Runs `change` under the lock, then does what it asks for.
    pub(super) fn with<R>(&self, change: impl FnOnce(&mut State<Physical, Waiter>) -> R) -> R {
        let (result, steps) = {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            let result = change(&mut state);
            (result, state.take_steps())
        };
        for step in steps {
            self.perform(step);
        }
        result
    }

    fn perform(&self, step: Step<Physical, Waiter>) {
        match step {
            Step::Deliver { to, connection } => {
                if let Some(lease) = self.lease(connection) {
                    // Whoever waited may be gone: then the lease comes back as it is dropped.
                    drop(to.send(Ok(lease)));
                }
            }
            Step::Connect {
                origin,
                target,
                evicted,
            } => {
                let Some(me) = self.me.upgrade() else { return };
                let place = evicted.ok_or_else(|| Permit(Weak::clone(&self.me)));
                self.spawn(me.connect(origin, target, place));
            }
            Step::Close(connection) => self.spawn(async { drop(connection.close().await) }),
            Step::Refuse(waiter) => drop(waiter.send(Err(PoolError::Unavailable))),
        }
    }

    async fn connect(
        self: Arc<Self>,
        origin: Origin,
        target: Arc<TenantDescriptor>,
        place: Result<Physical, Permit>,
    ) {
        let permit = match place {
            Ok(evicted) => {
                self.meters.evicted();
                evicted.close().await
            }
            Err(permit) => permit,
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
                    origin,
                    seen_at: now,
                    expires_at: now + self.settings.lifetime(),
                    permit,
                };
                self.with(|state| state.connected(origin, physical));
            }
            Err(error) => {
                for waiter in self.with(|state| state.connect_failed(origin)) {
                    drop(waiter.send(Err(error)));
                }
                drop(permit);
            }
        }
    }

    /// Takes a clean connection back.
    pub(super) fn check_in(&self, mut physical: Physical) {
        let now = Instant::now();
        if physical.expires_at <= now {
            return self.discard(physical);
        }
        physical.seen_at = now;
        self.with(|state| state.checked_in(physical.origin, physical));
    }

    /// Closes a connection that was in use.
    pub(super) fn discard(&self, physical: Physical) {
        self.with(|state| state.discarded(physical.origin));
        self.spawn(async { drop(physical.close().await) });
    }

    pub(super) fn evict(&self, tenant: TenantId) {
        self.with(|state| state.evict(tenant));
    }

    /// Closes what has been idle for too long or has grown too old.
    pub(super) fn reap(&self) {
        let now = Instant::now();
        let idle_timeout = self.settings.idle_timeout;
        self.with(|state| {
            state.reap(|idle| idle.expires_at <= now || idle.seen_at + idle_timeout <= now);
        });
        self.meters.show(self.counts());
    }

    pub(super) fn retire(&self) {
        self.with(State::retire);
    }

    pub(super) fn counts(&self) -> Counts {
        self.with(|state| state.counts())
    }

    /// A connection was found dead: perhaps the server was restarted.
    pub(super) fn suspect(&self) {
        *self.suspected() = Instant::now();
    }

    pub(super) fn doubts(&self, seen_at: Instant) -> bool {
        seen_at.elapsed() >= self.settings.ping_after || seen_at <= *self.suspected()
    }

    /// Also called where a guard is dropped outside of the runtime.
    pub(super) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.tasks.spawn_on(task, &self.runtime);
    }

    fn suspected(&self) -> std::sync::MutexGuard<'_, Instant> {
        self.suspected_at
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn lease(&self, physical: Physical) -> Option<Lease> {
        let me = self.me.upgrade()?;
        Some(Lease::new(me, physical))
    }
}
