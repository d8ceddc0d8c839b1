//! Sends what is due: takes the tenant that waits longest, claims some of what it has, sends it, and writes down what
//! came of it. So many at a time in all, so many of one organization, so many of one webhook: a receiver that hangs holds
//! up itself.

use std::collections::HashMap;
use std::error::Error;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use events::topic::webhook::WebhookDisabled;
use events::{BoxError, Envelope};
use futures::FutureExt;
use httpkit::Service;
use kernel::{TenantId, WebhookId};
use tenancy::PoolError;
use tokio::task::{JoinError, JoinSet};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::queue::{self, Claimed};
use super::schedule::{self, Next, Result as Outcome};
use super::send::{self, Attempt};
use crate::state::AppState;
use crate::webhook::{DisabledReason, event};

/// Requests on their way, of all organizations.
const MOST: usize = 64;
/// Requests on their way, of one organization.
const MOST_OF_TENANT: usize = 16;
/// Requests on their way to one webhook.
const MOST_OF_WEBHOOK: i64 = 4;

/// Time until a tenant whose database is away is tried again.
const RETRY_PAUSE: TimeDelta = TimeDelta::seconds(15);
/// Time until a tenant is looked at again whose due deliveries are being looked at by another instance.
const OTHERS_PAUSE: TimeDelta = TimeDelta::seconds(1);
/// Nothing is slept for longer than this: the clock may be set.
const TICK: Duration = Duration::from_millis(500);
/// Time for requests on their way, at shutdown. What is not written down then is sent again.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(4);

/// Sends until shutdown; spawn it.
pub async fn run(state: AppState, shutdown: CancellationToken) {
    let mut dispatch = Dispatch {
        state,
        tasks: JoinSet::new(),
        tenants: HashMap::new(),
    };
    while !shutdown.is_cancelled() {
        dispatch.start();
        let wait = dispatch.wait();
        tokio::select! {
            () = shutdown.cancelled() => break,
            () = dispatch.state.webhooks.due.changed() => {}
            Some(done) = dispatch.tasks.join_next() => dispatch.finish(done),
            () = sleep(wait) => {}
        }
    }
    let rest = async { while dispatch.tasks.join_next().await.is_some() {} };
    let _ = timeout(SHUTDOWN_GRACE, rest).await;
}

struct Dispatch {
    state: AppState,
    tasks: JoinSet<Done>,
    tenants: HashMap<TenantId, Busy>,
}

/// What is being done for one tenant.
#[derive(Default)]
struct Busy {
    /// Places kept for what is being claimed.
    claiming: usize,
    /// By webhook, as often as it is called at the moment.
    calls: Vec<WebhookId>,
    /// It is to be looked at again as soon as something ends.
    again: bool,
}

enum Done {
    Claimed(
        TenantId,
        Result<(Vec<Claimed>, Option<DateTime<Utc>>), BoxError>,
    ),
    Sent(TenantId, WebhookId),
}

impl Dispatch {
    /// Starts claims for as many tenants as there is room for.
    fn start(&mut self) {
        let now = self.state.clock.now();
        loop {
            let room = MOST.saturating_sub(self.tenants.values().map(Busy::places).sum());
            if room == 0 {
                break;
            }
            let Some(tenant) = self.state.webhooks.due.take(now) else {
                break;
            };
            let busy = self.tenants.entry(tenant).or_default();
            let most = room.min(MOST_OF_TENANT.saturating_sub(busy.places()));
            if busy.claiming > 0 || most == 0 {
                busy.again = true;
                continue;
            }
            busy.claiming = most;
            let calls = busy.calls.iter().map(|id| id.uuid()).collect();
            let state = self.state.clone();
            self.tasks.spawn(async move {
                let claimed = claim(&state, tenant, calls, most, now);
                let claimed = AssertUnwindSafe(claimed).catch_unwind().await;
                let claimed = claimed.unwrap_or_else(|_panic| Err("a claim panicked".into()));
                Done::Claimed(tenant, claimed)
            });
        }
        metrics::gauge!("webhook_tenants_noted").set(self.state.webhooks.due.len() as f64);
    }

    fn wait(&self) -> Duration {
        let first = self.state.webhooks.due.first();
        let until = first.map(|at| (at - self.state.clock.now()).to_std());
        // What is due and was not begun with waits for an end.
        until.map_or(TICK, |until| until.map_or(TICK, |until| until.min(TICK)))
    }

    fn finish(&mut self, done: Result<Done, JoinError>) {
        match done {
            Ok(Done::Claimed(tenant, Ok((claimed, next)))) => self.send(tenant, claimed, next),
            Ok(Done::Claimed(tenant, Err(error))) => self.put_off(tenant, &*error),
            Ok(Done::Sent(tenant, webhook)) => self.sent(tenant, webhook),
            // Panics are caught before.
            Err(cancelled) => tracing::debug!(error = &cancelled as &dyn Error, "webhook task"),
        }
    }

    fn send(&mut self, tenant: TenantId, claimed: Vec<Claimed>, next: Option<DateTime<Utc>>) {
        let now = self.state.clock.now();
        let busy = self.tenants.entry(tenant).or_default();
        busy.claiming = 0;
        busy.calls
            .extend(claimed.iter().map(|claimed| claimed.webhook_id));
        let more = next.is_some_and(|next| next <= now);
        // There is more than there was room for, or another instance has it.
        busy.again |= more && !busy.calls.is_empty();
        if let Some(next) = next.filter(|_| !busy.again) {
            let at = if more { now + OTHERS_PAUSE } else { next };
            self.state.webhooks.due.note(tenant, at);
        }
        for claimed in claimed {
            let state = self.state.clone();
            self.tasks.spawn(async move {
                let delivered = AssertUnwindSafe(deliver(&state, tenant, &claimed));
                if delivered.catch_unwind().await.is_err() {
                    tracing::error!(tenant.id = %tenant, delivery.id = %claimed.id, "a webhook delivery panicked");
                }
                Done::Sent(tenant, claimed.webhook_id)
            });
        }
        self.let_go(tenant);
    }

    fn sent(&mut self, tenant: TenantId, webhook: WebhookId) {
        let busy = self.tenants.entry(tenant).or_default();
        if let Some(index) = busy.calls.iter().position(|called| *called == webhook) {
            busy.calls.swap_remove(index);
        }
        if std::mem::take(&mut busy.again) {
            self.state.webhooks.due.note(tenant, self.state.clock.now());
        }
        self.let_go(tenant);
    }

    fn put_off(&mut self, tenant: TenantId, error: &(dyn Error + Send + Sync + 'static)) {
        let busy = self.tenants.entry(tenant).or_default();
        (busy.claiming, busy.again) = (0, false);
        let reason = error.downcast_ref::<PoolError>();
        // One that is gone or suspended is noted again when it comes back.
        if !matches!(reason, Some(PoolError::Unknown | PoolError::Suspended)) {
            tracing::warn!(tenant.id = %tenant, error = error as &dyn Error, "claim webhook deliveries");
            let at = self.state.clock.now() + RETRY_PAUSE;
            self.state.webhooks.due.note(tenant, at);
        }
        self.let_go(tenant);
    }

    /// Forgets a tenant for which nothing is being done.
    fn let_go(&mut self, tenant: TenantId) {
        let idle = self
            .tenants
            .get(&tenant)
            .is_some_and(|busy| busy.places() == 0);
        if idle
            && let Some(busy) = self.tenants.remove(&tenant)
            && busy.again
        {
            self.state.webhooks.due.note(tenant, self.state.clock.now());
        }
    }
}

impl Busy {
    fn places(&self) -> usize {
        self.claiming + self.calls.len()
    }
}

async fn claim(
    state: &AppState,
    tenant: TenantId,
    busy: Vec<uuid::Uuid>,
    most: usize,
    now: DateTime<Utc>,
) -> Result<(Vec<Claimed>, Option<DateTime<Utc>>), BoxError> {
    let connection = state.pools.acquire_background(tenant).await?;
    let most = (i64::try_from(most)?, MOST_OF_WEBHOOK);
    let claimed = queue::claim(&connection, busy, most, now).await?;
    Ok((claimed, queue::next_due(&connection).await?))
}

/// One attempt from beginning to end. What cannot be written down is sent again once the claim has ended.
async fn deliver(state: &AppState, tenant: TenantId, claimed: &Claimed) {
    let attempt = send::attempt(state, tenant, claimed).await;
    if let Err(error) = settle(state, tenant, claimed, &attempt).await {
        let error = &*error as &dyn Error;
        tracing::warn!(tenant.id = %tenant, delivery.id = %claimed.id, error, "settle a webhook delivery");
    }
}

async fn settle(
    state: &AppState,
    tenant: TenantId,
    claimed: &Claimed,
    attempt: &Attempt,
) -> Result<(), BoxError> {
    let outcome = Outcome {
        error: attempt.error,
        status: attempt.status,
        retry_after: attempt.retry_after,
        ended_at: attempt.ended_at,
    };
    let is_test = claimed.kind == event::TEST;
    let next = schedule::next(&outcome, claimed.tries + 1, is_test, claimed.id.uuid());
    let unit = state
        .pools
        .acquire_background(tenant)
        .await?
        .begin()
        .await?;
    if !queue::settle(&unit, claimed, attempt, next).await? {
        return Ok(());
    }
    let (webhook, created) = (claimed.webhook_id, claimed.created_at);
    let reason = match (schedule::disables(&outcome), next) {
        (Some(reason), _) => Some(reason),
        (None, Next::Over) if !is_test => queue::is_failing_since(&unit, webhook, created)
            .await?
            .then_some(DisabledReason::Failing),
        (None, _) => None,
    };
    if let Some(reason) = reason
        && queue::disable(&unit, webhook, reason, attempt.ended_at).await?
    {
        tell(state, tenant, webhook, reason, &unit).await?;
    }
    unit.commit().await?;
    count(claimed, attempt, next);
    if let Next::Again(at) = next {
        state.webhooks.due.note(tenant, at);
    }
    Ok(())
}

/// Writes the end of a webhook into the log of security events, by an event.
async fn tell(
    state: &AppState,
    tenant: TenantId,
    webhook: WebhookId,
    reason: DisabledReason,
    unit: &tenancy::UnitOfWork,
) -> Result<(), BoxError> {
    tracing::info!(tenant.id = %tenant, webhook.id = %webhook, %reason, "webhook is switched off");
    let event = WebhookDisabled {
        webhook_id: webhook,
        reason: reason.to_string(),
    };
    let (ids, clock, source) = (&state.ids, &state.clock, Service::ProjectSvc.name());
    unit.emit(&Envelope::new(ids, clock, source, tenant, None, &event))
        .await?;
    Ok(())
}

fn count(claimed: &Claimed, attempt: &Attempt, next: Next) {
    let outcome = match next {
        Next::Delivered => "delivered",
        Next::Again(_) => "again",
        Next::Over => "failed",
    };
    let error: &'static str = attempt.error.map_or("none", Into::into);
    metrics::counter!("webhook_attempts_total", "outcome" => outcome, "error" => error)
        .increment(1);
    let seconds = f64::from(attempt.duration_ms) / 1_000.0;
    metrics::histogram!("webhook_attempt_duration_seconds").record(seconds);
    if next == Next::Delivered {
        let age = (attempt.ended_at - claimed.created_at)
            .to_std()
            .unwrap_or_default();
        metrics::histogram!("webhook_delivery_age_seconds").record(age.as_secs_f64());
    }
}
