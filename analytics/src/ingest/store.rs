//! One transaction for a batch: the events that are new, the states they lead to, the numbers they move.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use events::Envelope;
use events::topic::tenant::TenantDeleted;
use kernel::{EventId, TaskId, TenantId};
use mongodb::bson::{Bson, DateTime, Document, deserialize_from_bson, doc, serialize_to_bson};
use serde_json::Value;

use super::fact::{Dated, Fact};
use super::fold::{Folded, Tasks, fold};
use super::rollups::Rollups;
use crate::erasure::store::erase;
use crate::organization::Generation;
use crate::organization::store::advance;
use crate::scope::{Transaction, TransactionScope, Update, erased_of};
use crate::store::{Collection, Store, StoreError};

/// An event and what it says.
pub(crate) type Noted<'a> = (&'a Envelope, &'a Fact);

/// Writes what is not written yet. Events of no organization are nobody's numbers and are left out; those of an
/// organization that is gone for good leave nothing, whenever they come.
pub(super) async fn write(store: &Store, batch: &[Noted<'_>]) -> Result<(), StoreError> {
    let mut tenants: BTreeMap<TenantId, Vec<Noted<'_>>> = BTreeMap::new();
    for (envelope, fact) in batch {
        if let Some(tenant) = envelope.tenantid {
            tenants.entry(tenant).or_default().push((envelope, fact));
        }
    }
    let mut gone = erased_of(store, &tenants.keys().copied().collect()).await?;
    gone.extend(deleted(batch));
    tenants.retain(|tenant, _| !gone.contains(tenant));
    erase_all(store, gone).await?;
    if tenants.is_empty() {
        return Ok(());
    }
    let written: BTreeSet<TenantId> = tenants.keys().copied().collect();
    let mut transaction = Transaction::begin(store).await?;
    for (tenant, events) in tenants {
        write_tenant(&mut transaction.scope(tenant), events).await?;
    }
    transaction.commit().await?;
    // Who was erased meanwhile may have been erased before the commit.
    erase_all(store, erased_of(store, &written).await?).await
}

/// The organizations whose end the batch tells.
fn deleted(batch: &[Noted<'_>]) -> impl Iterator<Item = TenantId> {
    let ends = batch.iter().filter(|(e, _)| e.is::<TenantDeleted>());
    ends.filter_map(|(envelope, _)| envelope.tenantid)
}

/// Removes what there is of organizations that are gone: also what a batch wrote whose check after the commit was
/// never made, since its events come again.
async fn erase_all(store: &Store, gone: BTreeSet<TenantId>) -> Result<(), StoreError> {
    for tenant in gone {
        erase(store, tenant).await?;
    }
    Ok(())
}

async fn write_tenant(
    scope: &mut TransactionScope<'_>,
    events: Vec<Noted<'_>>,
) -> Result<(), StoreError> {
    let new = without_known(scope, events).await?;
    if new.is_empty() {
        return Ok(());
    }
    let ledger = advance(scope).await?;
    let (new, old): (Vec<_>, Vec<_>) = new.into_iter().partition(|(e, _)| ledger.takes(e.time));
    metrics::counter!("ingested_events_too_old_total").increment(old.len() as u64);
    let raw: Result<Vec<_>, _> = new
        .iter()
        .map(|(envelope, _)| raw_event(envelope, ledger.seq))
        .collect();
    scope.insert(Collection::Events, raw?).await?;
    write_numbers(scope, ledger.generation, &new).await
}

/// Moves states and numbers of a generation by what the events say. Each must be given once.
pub(crate) async fn write_numbers(
    scope: &mut TransactionScope<'_>,
    generation: Generation,
    events: &[Noted<'_>],
) -> Result<(), StoreError> {
    let before = load_tasks(scope, generation, events).await?;
    let dated = events
        .iter()
        .map(|(e, fact)| -> Dated<'_> { (e.time, fact) });
    let folded = fold(&before, dated);
    let tasks = task_updates(generation, &folded)?;
    scope.upsert(Collection::Tasks, tasks).await?;
    let rollups = Rollups::of(generation, &folded.increments);
    scope.upsert(Collection::Days, rollups.days).await?;
    scope.upsert(Collection::Months, rollups.months).await?;
    scope.upsert(Collection::Totals, rollups.totals).await
}

/// Leaves out what was taken in before, and second copies in this batch.
async fn without_known<'a>(
    scope: &mut TransactionScope<'_>,
    events: Vec<Noted<'a>>,
) -> Result<Vec<Noted<'a>>, StoreError> {
    let ids: Vec<String> = events.iter().map(|(e, _)| e.id.to_string()).collect();
    let known = scope
        .find(Collection::Events, doc! { "_id": { "$in": ids } })
        .await?;
    let mut seen: HashSet<EventId> = known
        .iter()
        .filter_map(|document| document.get_str("_id").ok()?.parse().ok())
        .collect();
    let new = events.into_iter().filter(|(e, _)| seen.insert(e.id));
    Ok(new.collect())
}

/// The states of all tasks that the facts are about.
async fn load_tasks(
    scope: &mut TransactionScope<'_>,
    generation: Generation,
    events: &[Noted<'_>],
) -> Result<Tasks, StoreError> {
    let ids: BTreeSet<String> = strings(events.iter().filter_map(|(_, fact)| fact.task()));
    let projects: BTreeSet<String> = strings(events.iter().filter_map(|(_, fact)| fact.project()));
    let mut found = Vec::new();
    for (key, values) in [("task", ids), ("state.project", projects)] {
        if !values.is_empty() {
            let values: Vec<String> = values.into_iter().collect();
            let filter = generation.with(doc! { key: { "$in": values } });
            found.extend(scope.find(Collection::Tasks, filter).await?);
        }
    }
    let tasks = found.into_iter().map(|mut document| {
        let id = document.remove("task").unwrap_or(Bson::Null);
        let id: TaskId = deserialize_from_bson(id)?;
        let state = document.remove("state").unwrap_or(Bson::Null);
        Ok((id, deserialize_from_bson(state)?))
    });
    tasks.collect()
}

fn strings<T: ToString>(ids: impl Iterator<Item = T>) -> BTreeSet<String> {
    ids.map(|id| id.to_string()).collect()
}

/// The event as it came, but for a person's name: that is identity's to keep and to forget.
fn raw_event(envelope: &Envelope, seq: i64) -> Result<Document, StoreError> {
    let mut event = envelope.to_json();
    let data = event.get_mut("data").and_then(Value::as_object_mut);
    if let Some(data) = data.filter(|data| data.contains_key("user_id")) {
        data.remove("name");
    }
    Ok(doc! {
        "_id": envelope.id.to_string(),
        "seq": seq,
        "type": &*envelope.kind,
        "time": DateTime::from_millis(envelope.time.timestamp_millis()),
        "event": serialize_to_bson(&event)?,
    })
}

fn task_updates(generation: Generation, folded: &Folded) -> Result<Vec<Update>, StoreError> {
    let updates = folded.tasks.iter().map(|(id, state)| {
        let set = doc! {
            "state": serialize_to_bson(state)?,
            "facts": serialize_to_bson(&state.facts())?,
        };
        let task = generation.with(doc! { "task": id.to_string() });
        Ok((task, doc! { "$set": set }))
    });
    updates.collect()
}
