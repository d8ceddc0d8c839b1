//! The relay of many databases: one outbox per tenant, drained by a few tasks.
//!
//! A tenant is drained by one task at a time. Tenants woken by a commit go first; the sweep, which finds
//! what a crash left, takes one tenant at a time, slowly, and only when nothing else waits. An outbox that
//! was seen empty is left alone until a commit of this process rings for it.

use std::collections::{HashMap, HashSet, VecDeque};
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use kernel::TenantId;
use tokio::sync::Notify;
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use crate::backlog::Backlog;
use crate::outbox::OutboxSource;
use crate::relay::{self, DrainError};
use crate::{BoxError, Publisher};

/// Pause before a tenant whose drain failed is tried again, and between looks at an absent broker. It doubles
/// with each failure in a row.
const RETRY_PAUSE: Duration = Duration::from_secs(1);

/// The longest such pause, in units of the first.
const LONGEST_PAUSE: u64 = 64;

/// Rings for a tenant after a commit that wrote to its outbox. Never blocks and never loses a ring:
/// several for one tenant become one, so it is bounded by the number of tenants.
#[derive(Debug, Clone, Default)]
pub struct FleetWake(Arc<Rung>);

#[derive(Debug, Default)]
struct Rung {
    /// With the events of their commits.
    tenants: Mutex<HashMap<TenantId, i64>>,
    notify: Notify,
}

impl FleetWake {
    /// Rings for this tenant, whose commit had so many events.
    pub fn wake(&self, tenant: TenantId, events: usize) {
        let mut tenants = self
            .0
            .tenants
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *tenants.entry(tenant).or_default() += i64::try_from(events).unwrap_or(i64::MAX);
        self.0.notify.notify_one();
    }

    fn take(&self) -> HashMap<TenantId, i64> {
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
    /// Time from one sweep to the next. The first is at start and over all tenants; later ones are over
    /// those whose outbox this process has not seen empty.
    pub sweep: Duration,
    /// Tenants a sweep looks at in a second.
    pub swept_per_second: u32,
    /// Time after which an outbox seen empty is swept all the same: another instance may have written to
    /// it and died.
    pub trust: Duration,
}

impl Default for FleetSettings {
    fn default() -> Self {
        Self {
            parallel: 8,
            sweep: Duration::from_secs(30),
            swept_per_second: 20,
            trust: Duration::from_secs(6 * 3600),
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
        backlog: Backlog::default(),
        tasks: JoinSet::new(),
        draining: HashMap::new(),
    };
    let mut sweep = tokio::time::interval(settings.sweep);
    let mut retry = tokio::time::interval(RETRY_PAUSE);
    let mut distrust = tokio::time::interval(settings.trust);
    let mut pace = tokio::time::interval(Duration::from_secs(1) / settings.swept_per_second.max(1));
    pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        for (tenant, events) in wake.take() {
            workers.backlog.told(tenant, events);
            workers.schedule.wake(tenant);
        }
        workers.start(settings.parallel);
        tokio::select! {
            () = shutdown.cancelled() => break,
            () = wake.0.notify.notified() => {}
            Some(done) = workers.tasks.join_next_with_id() => workers.finish(done),
            _ = distrust.tick() => workers.schedule.distrust(),
            _ = sweep.tick() => workers.list(),
            _ = retry.tick() => {
                workers.backlog.show();
                workers.schedule.retry_failed();
            }
            _ = pace.tick(), if workers.schedule.may_sweep() => workers.schedule.sweep_next(),
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
    backlog: Backlog<TenantId>,
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
            let backlog = self.backlog.clone();
            let task = self.tasks.spawn(async move {
                Done::Drained(drain(&*fleet, tenant, &publisher, &backlog).await)
            });
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
    backlog: &Backlog<TenantId>,
) -> Result<(), DrainError> {
    let mut source = fleet.open(tenant).await.map_err(DrainError::Outbox)?;
    relay::drain(&mut source, publisher, |seen| backlog.note(tenant, seen)).await
}

/// Which tenant comes next. Plain bookkeeping: no time, no tasks.
#[derive(Debug, Default)]
struct Schedule {
    woken: VecDeque<TenantId>,
    queued: HashSet<TenantId>,
    running: HashSet<TenantId>,
    again: HashSet<TenantId>,
    failed: HashMap<TenantId, Failed>,
    /// Retries that have passed.
    retries: u64,
    swept: VecDeque<TenantId>,
    sweeping: Option<TenantId>,
    /// Seen empty, with no commit of this process since.
    empty: HashSet<TenantId>,
}

/// A tenant whose last drains failed.
#[derive(Debug, Default)]
struct Failed {
    pause: u64,
    due: u64,
}

impl Schedule {
    fn wake(&mut self, tenant: TenantId) {
        self.empty.remove(&tenant);
        if self.running.contains(&tenant) {
            // It may have read its outbox before this commit.
            self.again.insert(tenant);
        } else if self.queued.insert(tenant) {
            self.woken.push_back(tenant);
        }
    }

    /// Takes a list of all tenants.
    fn sweep(&mut self, tenants: Vec<TenantId>) {
        let listed: HashSet<TenantId> = tenants.iter().copied().collect();
        self.empty.retain(|tenant| listed.contains(tenant));
        // A sweep that is not through yet goes on; the next one will have the new tenants.
        if self.swept.is_empty() {
            let unknown = tenants.into_iter().filter(|t| !self.empty.contains(t));
            self.swept = unknown.collect();
        }
    }

    /// Whether the next of the sweep may go: nothing else waits.
    fn may_sweep(&self) -> bool {
        self.sweeping.is_none() && self.woken.is_empty() && !self.swept.is_empty()
    }

    fn sweep_next(&mut self) {
        let Some(tenant) = self.swept.pop_front() else {
            return;
        };
        if !self.running.contains(&tenant) {
            self.sweeping = Some(tenant);
            self.wake(tenant);
        }
    }

    fn distrust(&mut self) {
        self.empty.clear();
    }

    fn next(&mut self) -> Option<TenantId> {
        let tenant = self.woken.pop_front()?;
        self.queued.remove(&tenant);
        self.running.insert(tenant);
        Some(tenant)
    }

    fn finished(&mut self, tenant: TenantId, succeeded: bool) {
        self.running.remove(&tenant);
        self.sweeping.take_if(|swept| *swept == tenant);
        if succeeded {
            self.failed.remove(&tenant);
        }
        if self.again.remove(&tenant) {
            self.wake(tenant);
        } else if succeeded {
            self.empty.insert(tenant);
        } else {
            let failed = self.failed.entry(tenant).or_default();
            failed.pause = (failed.pause * 2).clamp(1, LONGEST_PAUSE);
            failed.due = self.retries + failed.pause;
        }
    }

    fn retry_failed(&mut self) {
        self.retries += 1;
        let retries = self.retries;
        let due: Vec<TenantId> = self
            .failed
            .iter()
            .filter(|(_, failed)| failed.due == retries)
            .map(|(tenant, _)| *tenant)
            .collect();
        due.into_iter().for_each(|tenant| self.wake(tenant));
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
        assert!(!schedule.may_sweep());
        assert_eq!(schedule.next(), Some(tenant(3)));
        assert!(schedule.may_sweep());
        schedule.sweep_next();
        assert_eq!(schedule.next(), Some(tenant(1)));
        assert!(!schedule.may_sweep());
        schedule.finished(tenant(1), true);
        schedule.sweep_next();
        assert_eq!(schedule.next(), Some(tenant(2)));
    }

    #[test]
    fn outbox_seen_empty_is_swept_again_only_after_a_commit_or_when_trust_ends() {
        let mut schedule = Schedule::default();
        let swept = |schedule: &mut Schedule| {
            schedule.sweep(vec![tenant(1), tenant(2)]);
            let mut swept = 0;
            while schedule.may_sweep() {
                schedule.sweep_next();
                let tenant = schedule.next().unwrap();
                schedule.finished(tenant, true);
                swept += 1;
            }
            swept
        };
        assert_eq!(swept(&mut schedule), 2);
        assert_eq!(swept(&mut schedule), 0);
        schedule.wake(tenant(1));
        schedule.next();
        schedule.finished(tenant(1), false);
        assert_eq!(swept(&mut schedule), 1);
        schedule.distrust();
        assert_eq!(swept(&mut schedule), 2);
    }

    #[test]
    fn failed_tenant_is_retried_at_ever_longer_intervals() {
        let mut schedule = Schedule::default();
        let mut tried = Vec::new();
        schedule.wake(tenant(1));
        for retry in 0..20 {
            while let Some(tenant) = schedule.next() {
                tried.push(retry);
                schedule.finished(tenant, false);
            }
            schedule.retry_failed();
        }
        assert_eq!(tried, [0, 1, 3, 7, 15]);
        schedule.wake(tenant(1));
        schedule.next();
        schedule.finished(tenant(1), true);
        assert_eq!(schedule.waiting(), 0);
    }
}
