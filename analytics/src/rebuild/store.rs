//! A rebuild's steps, each a transaction.

use events::Envelope;
use kernel::TenantId;
use mongodb::bson::{Bson, Document, deserialize_from_bson, deserialize_from_document, doc};
use serde_json::Value;

use super::compare::compare;
use super::model::{Progress, Rebuild};
use crate::ingest::numbers::{Part, write_numbers};
use crate::ingest::{Fact, understand};
use crate::organization::Generation;
use crate::organization::store::{advance, count, new_generation, set_generation};
use crate::scope::{TenantScope, Transaction};
use crate::store::{Collection, Store, StoreError};

/// Events of one transaction.
const BATCH: i64 = 500;

/// Begins a rebuild, in place of one that may be under way.
pub(crate) async fn begin(store: &Store, tenant: TenantId, check: bool) -> Result<(), StoreError> {
    let total = count(&TenantScope::new(store, tenant)).await?;
    let mut transaction = Transaction::begin(store).await?;
    let mut scope = transaction.scope(tenant);
    // From here on no event is folded into the checkpoint.
    let generation = new_generation(&mut scope).await?;
    let mut begun = generation.with(doc! { "check": check, "copied": false, "events": 0_i64 });
    let total = i64::try_from(total).unwrap_or(i64::MAX);
    begun.extend(doc! { "total": total, "seq": null, "id": null });
    let begun = doc! { "$set": begun, "$currentDate": { "touched_at": true } };
    scope
        .change_one(Collection::Rebuilds, Document::new(), begun, true)
        .await?;
    transaction.commit().await?;
    let scope = TenantScope::new(store, tenant);
    for collection in Collection::REBUILT {
        let copy = vec![
            doc! { "$project": { "_id": 0 } },
            doc! { "$set": generation.with(Document::new()) },
            doc! { "$merge": { "into": collection.name() } },
        ];
        let checkpoint = Generation::CHECKPOINT.with(Document::new());
        scope.aggregate(collection, checkpoint, copy).await?;
    }
    let copied = doc! { "$set": { "copied": true } };
    let own = generation.with(Document::new());
    scope
        .change_one(Collection::Rebuilds, own, copied, false)
        .await?;
    Ok(())
}

/// The rebuild under way.
pub(super) async fn present(scope: &TenantScope<'_>) -> Result<Option<Rebuild>, StoreError> {
    let found = scope
        .find_one(Collection::Rebuilds, Document::new())
        .await?;
    let found = found.map(deserialize_from_document);
    Ok(found.transpose()?)
}

/// Folds the next events; with the last ones the new generation counts, or is compared.
pub(super) async fn fold_next(store: &Store, tenant: TenantId) -> Result<Progress, StoreError> {
    let mut transaction = Transaction::begin(store).await?;
    let mut scope = transaction.scope(tenant);
    let found = scope.find(Collection::Rebuilds, Document::new()).await?;
    let found = found.into_iter().next().ok_or(StoreError::Conflict)?;
    let rebuild: Rebuild = deserialize_from_document(found)?;
    let order = doc! { "seq": 1, "_id": 1 };
    let events = scope
        .first(Collection::Events, rebuild.rest(), order, BATCH)
        .await?;
    let last = events
        .last()
        .filter(|_| i64::try_from(events.len()) == Ok(BATCH));
    let ledger = match last {
        Some(_) => None,
        // From here on nothing else is taken in until the end. Fails if anything was since this began to read.
        None => Some(advance(&mut scope).await?),
    };
    fold(&mut transaction, tenant, rebuild.generation, &events).await?;
    let mut scope = transaction.scope(tenant);
    let folded = rebuild.events + i64::try_from(events.len()).unwrap_or_default();
    let last = events
        .last()
        .filter(|_| i64::try_from(events.len()) == Ok(BATCH));
    let mut progress = Progress {
        done: last.is_none(),
        events: folded,
        total: folded.max(rebuild.total),
        differences: None,
    };
    match last {
        Some(last) => {
            let place = doc! {
                "events": folded,
                "seq": last.get("seq").cloned().unwrap_or(Bson::Null),
                "id": last.get("_id").cloned().unwrap_or(Bson::Null),
            };
            let place = doc! { "$set": place, "$currentDate": { "touched_at": true } };
            let own = rebuild.generation.with(Document::new());
            scope
                .change_one(Collection::Rebuilds, own, place, true)
                .await?;
        }
        None => {
            scope.remove(Collection::Rebuilds, Document::new()).await?;
            if rebuild.check {
                let old = ledger.unwrap_or_default().generation;
                let new = rebuild.generation;
                progress.differences = Some(compare(&mut scope, old, new).await?);
            } else {
                set_generation(&mut scope, rebuild.generation).await?;
            }
        }
    }
    transaction.commit().await?;
    if progress.differences.is_some() {
        remove(&TenantScope::new(store, tenant), rebuild.generation).await?;
    }
    Ok(progress)
}

/// Removes what was made to be compared.
async fn remove(scope: &TenantScope<'_>, generation: Generation) -> Result<(), StoreError> {
    for collection in Collection::REBUILT {
        let made = generation.with(Document::new());
        scope.remove(collection, made).await?;
    }
    Ok(())
}

/// Folds stored events into a generation.
pub(crate) async fn fold(
    transaction: &mut Transaction<'_>,
    tenant: TenantId,
    generation: Generation,
    events: &[Document],
) -> Result<(), StoreError> {
    let mut known: Vec<(Envelope, Fact)> = Vec::with_capacity(events.len());
    for event in events {
        let event = event.get("event").cloned().unwrap_or(Bson::Null);
        let event: Value = deserialize_from_bson(event)?;
        // What was taken in was understood then, and contracts only grow.
        known.extend(understand(event));
    }
    let part = Part {
        tenant,
        generation,
        events: known.iter().map(|(e, fact)| (e, fact)).collect(),
    };
    write_numbers(transaction, &[part]).await
}
