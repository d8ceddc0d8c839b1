//! The relay of many databases: one outbox per tenant, drained by a few tasks.
//!
//! A tenant is drained by one task at a time. Tenants woken by a commit go first; the sweep, which finds
//! what a crash left, takes one tenant at a time and only when nothing else waits.

use std::collections::{HashMap, HashSet, VecDeque};
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use kernel::TenantId;
use tokio::sync::Notify;
use tokio::task::{Id, JoinError, JoinSet};
use tokio_util::sync::CancellationToken;

use crate::outbox::OutboxSource;
use crate::relay::{self, DrainError};
use crate::{BoxError, Publisher};

/// Pause before a tenant whose drain failed is tried again, and between looks at an absent broker.
const RETRY_PAUSE: Duration = Duration::from_secs(1);

/// Rings for a tenant after a commit that wrote to its outbox. Never blocks and never loses a ring:
/// several for one tenant become one, so it is bounded by the number of tenants.
#[derive(Debug, Clone, Default)]
pub struct FleetWake(Arc<Rung>);

#[derive(Debug, Default)]
struct Rung {
    tenants: Mutex<HashSet<TenantId>>,
    notify: Notify,
}

impl FleetWake {
    /// Rings for this tenant.
    pub fn wake(&self, tenant: TenantId) {
        let mut tenants = self
            .0
            .tenants
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        tenants.insert(tenant);
        self.0.notify.notify_one();
    }

    fn take(&self) -> HashSet<TenantId> {
        let mut tenants = self
            .0
            .tenants
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *tenants)
    }
}

/// The databases to relay for.
pub trait Fleet: Send + Sync + 'static {
    /// The outbox of one of them.
    type Source: OutboxSource;

    /// Connects to a tenant's outbox.
    fn open(&self, tenant: TenantId)
    -> impl Future<Output = Result<Self::Source, BoxError>> + Send;

    /// All tenants, for the sweep.
    fn tenants(&self) -> impl Future<Output = Result<Vec<TenantId>, BoxError>> + Send;
}

/// How hard the relay works.
#[derive(Debug, Clone)]
pub struct FleetSettings {
    /// Tenants drained at the same time.
    pub parallel: usize,
    /// Time from one sweep over all tenants to the next.
    pub sweep: Duration,
}

impl Default for FleetSettings {
    fn default() -> Self {
        Self {
            parallel: 8,
            sweep: Duration::from_secs(30),
        }
    }
}

/// Keeps all tenants' outboxes empty until shutdown; spawn it. Drains under way are finished.
pub async fn run<F: Fleet>(
    fleet: F,
    publisher: Publisher,
    wake: FleetWake,
    settings: FleetSettings,
    shutdown: CancellationToken,
) {
    let mut workers = Workers {
        fleet: Arc::new(fleet),
        publisher,
        schedule: Schedule::default(),
        tasks: JoinSet::new(),
        draining: HashMap::new(),
    };
    let mut sweep = tokio::time::interval(settings.sweep);
    let mut retry = tokio::time::interval(RETRY_PAUSE);
    loop {
        wake.take()
            .into_iter()
            .for_each(|t| workers.schedule.wake(t));
        workers.start(settings.parallel);
        tokio::select! {
            () = shutdown.cancelled() => break,
            () = wake.0.notify.notified() => {}
            Some(done) = workers.tasks.join_next_with_id() => workers.finish(done),
            _ = sweep.tick() => workers.list(),
            _ = retry.tick() => workers.schedule.retry_failed(),
        }
    }
    while let Some(done) = workers.tasks.join_next_with_id().await {
        workers.finish(done);
    }
}

struct Workers<F> {
    fleet: Arc<F>,
    publisher: Publisher,
    schedule: Schedule,
    tasks: JoinSet<Done>,
    draining: HashMap<Id, TenantId>,
}

enum Done {
    Drained(Result<(), DrainError>),
    Listed(Result<Vec<TenantId>, BoxError>),
}

impl<F: Fleet> Workers<F> {
    /// Starts as many drains as there is room for. With the broker away all wait.
    fn start(&mut self, parallel: usize) {
        while self.publisher.state().connected() && self.draining.len() < parallel {
            let Some(tenant) = self.schedule.next() else {
                break;
            };
            let (fleet, publisher) = (Arc::clone(&self.fleet), self.publisher.clone());
            let task = self
                .tasks
                .spawn(async move { Done::Drained(drain(&*fleet, tenant, &publisher).await) });
            self.draining.insert(task.id(), tenant);
        }
        metrics::gauge!("outbox_waiting_tenants").set(self.schedule.waiting() as f64);
    }

    fn list(&mut self) {
        let fleet = Arc::clone(&self.fleet);
        self.tasks
            .spawn(async move { Done::Listed(fleet.tenants().await) });
    }

    fn finish(&mut self, done: Result<(Id, Done), JoinError>) {
        let (id, succeeded) = match done {
            Ok((_, Done::Listed(Ok(tenants)))) => return self.schedule.sweep(tenants),
            Ok((_, Done::Listed(Err(error)))) => {
                return tracing::warn!(error = &*error as &dyn std::error::Error, "list tenants");
            }
            Ok((id, Done::Drained(outcome))) => (id, outcome.inspect_err(relay::log).is_ok()),
            Err(panicked) => {
                tracing::error!(error = &panicked as &dyn std::error::Error, "relay task");
                (panicked.id(), false)
            }
        };
        if let Some(tenant) = self.draining.remove(&id) {
            self.schedule.finished(tenant, succeeded);
        }
    }
}

async fn drain<F: Fleet>(
    fleet: &F,
    tenant: TenantId,
    publisher: &Publisher,
) -> Result<(), DrainError> {
    let mut source = fleet.open(tenant).await.map_err(DrainError::Outbox)?;
    relay::drain(&mut source, publisher).await
}

/// Which tenant comes next. Plain bookkeeping: no time, no tasks.
#[derive(Debug, Default)]
struct Schedule {
    woken: VecDeque<TenantId>,
    queued: HashSet<TenantId>,
    running: HashSet<TenantId>,
    again: HashSet<TenantId>,
    failed: HashSet<TenantId>,
    swept: VecDeque<TenantId>,
    sweeping: Option<TenantId>,
}

impl Schedule {
    fn wake(&mut self, tenant: TenantId) {
        if self.running.contains(&tenant) {
            // It may have read its outbox before this commit.
            self.again.insert(tenant);
        } else if self.queued.insert(tenant) {
            self.woken.push_back(tenant);
        }
    }

    fn sweep(&mut self, tenants: Vec<TenantId>) {
        // A sweep that is not through yet goes on; the next one will have the new tenants.
        if self.swept.is_empty() {
            self.swept = tenants.into();
        }
    }

    fn next(&mut self) -> Option<TenantId> {
        if let Some(tenant) = self.woken.pop_front() {
            self.queued.remove(&tenant);
            self.running.insert(tenant);
            return Some(tenant);
        }
        if self.sweeping.is_some() {
            return None;
        }
        let tenant = self.swept.pop_front()?;
        if self.running.insert(tenant) {
            self.sweeping = Some(tenant);
            Some(tenant)
        } else {
            self.next()
        }
    }

    fn finished(&mut self, tenant: TenantId, succeeded: bool) {
        self.running.remove(&tenant);
        self.sweeping.take_if(|swept| *swept == tenant);
        if self.again.remove(&tenant) {
            self.wake(tenant);
        } else if !succeeded {
            self.failed.insert(tenant);
        }
    }

    fn retry_failed(&mut self) {
        for tenant in std::mem::take(&mut self.failed) {
            self.wake(tenant);
        }
    }

    fn waiting(&self) -> usize {
        self.woken.len() + self.failed.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tenant(n: u128) -> TenantId {
        TenantId::from(uuid::Uuid::from_u128(n))
    }

    #[test]
    fn tenant_is_drained_once_at_a_time_and_again_after_a_wake_in_between() {
        let mut schedule = Schedule::default();
        schedule.wake(tenant(1));
        schedule.wake(tenant(1));
        assert_eq!(schedule.next(), Some(tenant(1)));
        schedule.wake(tenant(1));
        assert_eq!(schedule.next(), None);
        schedule.finished(tenant(1), true);
        assert_eq!(schedule.next(), Some(tenant(1)));
    }

    #[test]
    fn woken_tenants_go_before_swept_ones_and_these_one_at_a_time() {
        let mut schedule = Schedule::default();
        schedule.sweep(vec![tenant(1), tenant(2)]);
        schedule.wake(tenant(3));
        assert_eq!(schedule.next(), Some(tenant(3)));
        assert_eq!(schedule.next(), Some(tenant(1)));
        assert_eq!(schedule.next(), None);
        schedule.finished(tenant(1), true);
        assert_eq!(schedule.next(), Some(tenant(2)));
    }

    #[test]
    fn failed_tenant_waits_for_the_retry() {
        let mut schedule = Schedule::default();
        schedule.wake(tenant(1));
        schedule.next();
        schedule.finished(tenant(1), false);
        assert_eq!(schedule.next(), None);
        schedule.retry_failed();
        assert_eq!(schedule.next(), Some(tenant(1)));
    }
}
