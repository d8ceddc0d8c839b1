//! The relay of many databases: one outbox per tenant, drained by a few tasks.
//!
//! A tenant is drained by one task at a time. Tenants woken by a commit go first; the sweep, which finds
//! what a crash left, takes one tenant at a time, slowly, and only when nothing else waits. An outbox that
//! was seen empty is left alone until a commit of this process rings for it. With the broker away nothing is
//! published, and outboxes are looked at one at a time, as slowly, to know how much waits.

mod schedule;

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use kernel::TenantId;
use tokio::sync::Notify;
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use self::schedule::Schedule;
use crate::backlog::Backlog;
use crate::outbox::OutboxSource;
use crate::relay::{self, DrainError};
use crate::{BoxError, Publisher};

/// Pause before a tenant whose drain failed is tried again. It doubles with each failure in a row.
const RETRY_PAUSE: Duration = Duration::from_secs(1);

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
    /// Tenants a sweep looks at in a second, and tenants looked at while the broker is away.
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
        away: true,
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
        workers.look_at_broker();
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
            _ = pace.tick(), if workers.may_go_on() => workers.go_on(),
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
    /// The broker, when it was last looked at.
    away: bool,
}

enum Done {
    Drained(Result<(), DrainError>),
    Listed(Result<Vec<TenantId>, BoxError>),
}

impl<F: Fleet> Workers<F> {
    /// Who failed while the broker was away need wait no longer once it is back.
    fn look_at_broker(&mut self) {
        let was_away = std::mem::replace(&mut self.away, !self.publisher.state().connected());
        if was_away && !self.away {
            self.schedule.retry_all();
        }
    }

    /// Starts as many drains as there is room for. With the broker away all wait.
    fn start(&mut self, parallel: usize) {
        while !self.away && self.draining.len() < parallel {
            let Some(tenant) = self.schedule.next() else {
                break;
            };
            self.start_one(tenant);
        }
        metrics::gauge!("outbox_waiting_tenants").set(self.schedule.waiting() as f64);
    }

    fn start_one(&mut self, tenant: TenantId) {
        let (fleet, publisher) = (Arc::clone(&self.fleet), self.publisher.clone());
        let backlog = self.backlog.clone();
        let task = self.tasks.spawn(async move {
            Done::Drained(drain(&*fleet, tenant, &publisher, &backlog).await)
        });
        self.draining.insert(task.id(), tenant);
    }

    /// Whether the slow round has somewhere to go.
    fn may_go_on(&self) -> bool {
        match self.away {
            true => self.draining.is_empty() && self.schedule.may_look(),
            false => self.schedule.may_sweep(),
        }
    }

    /// The next step of the slow round: of the sweep or, with the broker away, a look at what waits.
    fn go_on(&mut self) {
        if !self.away {
            self.schedule.sweep_next();
        } else if let Some(tenant) = self.schedule.look_next() {
            self.start_one(tenant);
        }
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
