//! Fires schedules that are due, and tells of reports that are ready.

use std::time::Duration;

use chrono::{DateTime, Utc};
use events::Publisher;
use kernel::{Clock, Ids};
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use super::model::Schedule;
use super::{store, tell};
use crate::custom_report;
use crate::report::{Report, Tell};
use crate::scope::TenantScope;
use crate::store::{Store, StoreError};

/// How often to look.
const PERIOD: Duration = Duration::from_secs(2);

/// Runs until shutdown; spawn it.
pub async fn run(store: Store, clock: Clock, publisher: Publisher, shutdown: CancellationToken) {
    let ids = Ids::system();
    let mut ticks = interval(PERIOD);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            _ = ticks.tick() => {}
        }
        let now = clock.now();
        let work = async {
            fire_all(&store, &ids, now).await?;
            tell::tell_all(&store, &publisher, now).await
        };
        let done = tokio::select! {
            () = shutdown.cancelled() => return,
            done = work => done,
        };
        if let Err(error) = done {
            let error = &error as &dyn std::error::Error;
            tracing::warn!(error, "schedules wait");
        }
    }
}

/// Fires what is due; answers how many this instance did. One that was due several times while nobody looked is fired once.
pub async fn fire_all(store: &Store, ids: &Ids, now: DateTime<Utc>) -> Result<usize, StoreError> {
    let mut fired = 0;
    while let Some((tenant, schedule)) = store::first_due(store, now).await? {
        let scope = TenantScope::new(store, tenant);
        let id = schedule.custom_report;
        let Some(wanted) = custom_report::store::find(&scope, id).await? else {
            store::delete(&scope, id).await?;
            continue;
        };
        let report = report(ids, &schedule, wanted, now)?;
        let next = schedule.rhythm.next(now);
        match store::fire(store, tenant, &schedule, &report, (next, now)).await {
            Ok(true) => {
                fired += 1;
                tracing::info!(tenant.id = %tenant, custom_report.id = %id, "schedule fired");
            }
            Ok(false) => {}
            Err(error) if error.passes() => tokio::task::yield_now().await,
            Err(error) => return Err(error),
        }
    }
    Ok(fired)
}

fn report(
    ids: &Ids,
    schedule: &Schedule,
    wanted: custom_report::CustomReport,
    now: DateTime<Utc>,
) -> Result<Report, StoreError> {
    let zone = wanted.definition.timezone;
    let zone = zone.unwrap_or(schedule.rhythm.timezone);
    let report = Report::new(ids.next(), schedule.owner, wanted, zone, now);
    // It was checked when the definition was written.
    let mut report = report.map_err(|_problem| StoreError::Conflict)?;
    let recipients = schedule.recipients.iter();
    let tell = recipients.map(|recipient| Tell {
        recipient: *recipient,
        event: ids.next(),
    });
    report.tell = tell.collect();
    Ok(report)
}
