//! What is done every hour without being asked: events that are kept no longer are folded into the checkpoint and
//! removed, and so is what rebuilds left behind.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use kernel::{Clock, TenantId};
use mongodb::bson::{Bson, Document, doc};
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::organization::store::set_events_from;
use crate::organization::{Generation, Ledger};
use crate::rebuild::store::fold;
use crate::scope::{TenantScope, Transaction, organizations};
use crate::store::{Collection, Store, StoreError, date};

const PERIOD: Duration = Duration::from_secs(3_600);

/// Events of one transaction.
const BATCH: i64 = 500;

/// A rebuild that nobody went on with for so long is none.
const ABANDONED: TimeDelta = TimeDelta::hours(1);

/// Runs until shutdown; spawn it.
pub(crate) async fn run(store: Store, clock: Clock, shutdown: CancellationToken) {
    let mut ticks = interval(PERIOD);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            _ = ticks.tick() => {}
        }
        let done = tokio::select! {
            () = shutdown.cancelled() => return,
            done = all(&store, clock.now()) => done,
        };
        if let Err(error) = done {
            let error = &error as &dyn std::error::Error;
            tracing::warn!(error, "upkeep comes again in an hour");
        }
    }
}

/// Does it for every organization, now.
pub async fn all(store: &Store, now: DateTime<Utc>) -> Result<(), StoreError> {
    for (tenant, ledger) in organizations(store).await? {
        let scope = TenantScope::new(store, tenant);
        let stale = doc! { "touched_at": { "$lt": date(now - ABANDONED) } };
        scope.remove(Collection::Rebuilds, stale).await?;
        let folded = fold_away(store, tenant, &ledger, now).await?;
        if folded > 0 {
            tracing::info!(tenant.id = %tenant, events = folded, "events folded away");
        }
        for collection in Collection::REBUILT {
            scope.remove(collection, ledger.generation.before()).await?;
        }
    }
    Ok(())
}

/// Folds what is kept no longer; answers how many events that were.
async fn fold_away(
    store: &Store,
    tenant: TenantId,
    ledger: &Ledger,
    now: DateTime<Utc>,
) -> Result<usize, StoreError> {
    let until = now - TimeDelta::days(ledger.retention_days());
    let mut folded = 0;
    loop {
        match fold_some(store, tenant, until).await {
            Ok(0) => return Ok(folded),
            Ok(events) => folded += events,
            Err(error) if error.passes() => tokio::task::yield_now().await,
            Err(error) => return Err(error),
        }
    }
}

async fn fold_some(
    store: &Store,
    tenant: TenantId,
    until: DateTime<Utc>,
) -> Result<usize, StoreError> {
    let mut transaction = Transaction::begin(store).await?;
    let mut scope = transaction.scope(tenant);
    let rebuilds = scope.find(Collection::Rebuilds, Document::new()).await?;
    if !rebuilds.is_empty() {
        // It began with the checkpoint as it is.
        return Ok(0);
    }
    let old = doc! { "time": { "$lt": date(until) } };
    let order = doc! { "time": 1 };
    let events = scope.first(Collection::Events, old, order, BATCH).await?;
    if events.is_empty() {
        return Ok(0);
    }
    // No rebuild begins and no batch is taken in until this is through.
    if !set_events_from(&mut scope, until).await? {
        return Ok(0);
    }
    let checkpoint = Generation::CHECKPOINT;
    fold(&mut transaction, tenant, checkpoint, &events).await?;
    let ids = events
        .iter()
        .map(|event| event.get("_id").cloned().unwrap_or(Bson::Null));
    let ids: Vec<Bson> = ids.collect();
    let gone = doc! { "_id": { "$in": ids } };
    let mut scope = transaction.scope(tenant);
    scope.remove(Collection::Events, gone).await?;
    transaction.commit().await?;
    Ok(events.len())
}
