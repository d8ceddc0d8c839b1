//! Makes reports in the background, a few at a time.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use futures::future::join_all;
use kernel::{Clock, TenantId};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::cells;
use super::model::{ATTEMPT_TIMEOUT, Failure, RENEWAL, Report};
use super::store;
use crate::scope::TenantScope;
use crate::store::{Store, StoreError};

/// Reports that one instance makes at a time.
const WORKERS: usize = 2;

/// How often to look for what other instances were asked for, or left behind.
const PERIOD: Duration = Duration::from_secs(2);

/// Tells the workers of this instance that there is something to do.
#[derive(Debug, Clone, Default)]
pub struct Wake(Arc<Notify>);

impl Wake {
    pub(super) fn wake(&self) {
        self.0.notify_one();
    }
}

/// Runs until shutdown; spawn it. A report that is interrupted is made again when its lease is over.
pub async fn run(store: Store, clock: Clock, wake: Wake, shutdown: CancellationToken) {
    let workers = (0..WORKERS).map(|_| work(&store, &clock, &wake));
    tokio::select! {
        () = shutdown.cancelled() => {}
        _ = join_all(workers) => {}
    }
}

/// Makes what is due, now and later.
async fn work(store: &Store, clock: &Clock, wake: &Wake) {
    loop {
        match one(store, clock.now()).await {
            Ok(true) => continue,
            Ok(false) => {}
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(error, "reports are tried again");
            }
        }
        tokio::select! {
            () = wake.0.notified() => {}
            () = sleep(PERIOD) => {}
        }
    }
}

/// Makes what is due, one after the other; answers how many there were.
pub async fn work_off(store: &Store, now: DateTime<Utc>) -> Result<usize, StoreError> {
    let mut made = 0;
    while one(store, now).await? {
        made += 1;
    }
    Ok(made)
}

/// Makes the one that has been due for longest; answers false if there is none.
async fn one(store: &Store, now: DateTime<Utc>) -> Result<bool, StoreError> {
    let Some((tenant, report)) = store::take(store, now).await? else {
        return Ok(false);
    };
    let scope = TenantScope::new(store, tenant);
    if store::is_hopeless(&report) {
        end(&scope, tenant, &report, Err(Failure::GaveUp), now).await?;
        return Ok(true);
    }
    let attempt = async {
        let outcome = match cells::rows(&scope, &report).await? {
            Err(failure) => Err(failure),
            Ok(rows) => {
                let count = i64::try_from(rows.len()).unwrap_or(i64::MAX);
                store::write_rows(&scope, &report, rows).await?;
                Ok(count)
            }
        };
        end(&scope, tenant, &report, outcome, now).await
    };
    tokio::select! {
        ended = timeout(ATTEMPT_TIMEOUT, attempt) => ended.unwrap_or(Err(StoreError::Timeout))?,
        overtaken = keep(&scope, &report, now) => overtaken?,
    }
    Ok(true)
}

/// Renews the lease of an attempt that began now, until another one overtakes it.
async fn keep(
    scope: &TenantScope<'_>,
    report: &Report,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let began = Instant::now();
    loop {
        sleep(RENEWAL).await;
        let elapsed = TimeDelta::from_std(began.elapsed()).unwrap_or_default();
        if !store::renew(scope, report, now + elapsed).await? {
            return Ok(());
        }
    }
}

async fn end(
    scope: &TenantScope<'_>,
    tenant: TenantId,
    report: &Report,
    outcome: Result<i64, Failure>,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let id = report.report;
    if !store::finish(scope, report, outcome, now).await? {
        tracing::info!(tenant.id = %tenant, report.id = %id, "report overtaken or gone");
        // Only rows of this attempt are nobody's for sure; those of others end with their time.
        return Ok(());
    }
    store::remove_other_rows(scope, report).await?;
    let state = if outcome.is_ok() { "ready" } else { "failed" };
    metrics::counter!("reports_made_total", "state" => state).increment(1);
    tracing::info!(tenant.id = %tenant, report.id = %id, state, "report made");
    Ok(())
}
