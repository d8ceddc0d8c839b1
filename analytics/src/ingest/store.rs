//! One transaction for a batch: the events that are new, the states they lead to, the numbers they move.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use events::Envelope;
use events::topic::tenant::TenantDeleted;
use kernel::{EventId, TaskId, TenantId};
use mongodb::bson::{
    Bson, DateTime, Document, deserialize_from_document, doc, serialize_to_bson,
    serialize_to_document,
};

use serde_json::Value;

use super::fact::{Dated, Fact};
use super::fold::{Counter, Folded, Tasks, fold};
use crate::erasure::store::erase;
use crate::scope::{Transaction, TransactionScope, Update, erased_of};
use crate::store::{Collection, Store, StoreError};

/// An event and what it says.
type Noted<'a> = (&'a Envelope, &'a Fact);

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
    let before = load_tasks(scope, &new).await?;
    let folded = fold(
        &before,
        new.iter().map(|(e, fact)| -> Dated<'_> { (e.time, fact) }),
    );
    let raw: Result<Vec<_>, _> = new
        .iter()
        .map(|(envelope, _)| raw_event(envelope))
        .collect();
    scope.insert(Collection::Events, raw?).await?;
    scope
        .upsert(Collection::Tasks, task_updates(&folded)?)
        .await?;
    let (days, totals) = rollup_updates(&folded);
    scope.upsert(Collection::Days, days).await?;
    scope.upsert(Collection::Totals, totals).await
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
    events: &[Noted<'_>],
) -> Result<Tasks, StoreError> {
    let ids: BTreeSet<String> = strings(events.iter().filter_map(|(_, fact)| fact.task()));
    let projects: BTreeSet<String> = strings(events.iter().filter_map(|(_, fact)| fact.project()));
    let mut found = Vec::new();
    for (key, values) in [("task", ids), ("project", projects)] {
        if !values.is_empty() {
            let values: Vec<String> = values.into_iter().collect();
            let filter = doc! { key: { "$in": values } };
            found.extend(scope.find(Collection::Tasks, filter).await?);
        }
    }
    let tasks = found.into_iter().map(|document| {
        let id = document.get("task").cloned().unwrap_or(Bson::Null);
        let id: TaskId = mongodb::bson::deserialize_from_bson(id)?;
        Ok((id, deserialize_from_document(document)?))
    });
    tasks.collect()
}

fn strings<T: ToString>(ids: impl Iterator<Item = T>) -> BTreeSet<String> {
    ids.map(|id| id.to_string()).collect()
}

/// The event as it came, but for a person's name: that is identity's to keep and to forget.
fn raw_event(envelope: &Envelope) -> Result<Document, StoreError> {
    let mut event = envelope.to_json();
    let data = event.get_mut("data").and_then(Value::as_object_mut);
    if let Some(data) = data.filter(|data| data.contains_key("user_id")) {
        data.remove("name");
    }
    Ok(doc! {
        "_id": envelope.id.to_string(),
        "type": &*envelope.kind,
        "time": DateTime::from_millis(envelope.time.timestamp_millis()),
        "event": serialize_to_bson(&event)?,
    })
}

fn task_updates(folded: &Folded) -> Result<Vec<Update>, StoreError> {
    let updates = folded.tasks.iter().map(|(id, state)| {
        let set = serialize_to_document(state)?;
        Ok((doc! { "task": id.to_string() }, doc! { "$set": set }))
    });
    updates.collect()
}

/// The increments as updates of days and of totals.
fn rollup_updates(folded: &Folded) -> (Vec<Update>, Vec<Update>) {
    let mut days: BTreeMap<String, Document> = BTreeMap::new();
    let mut totals = Document::new();
    for (counter, by) in &folded.increments {
        let (day, field) = match counter {
            Counter::Created(day) => (Some(day), "created".to_owned()),
            Counter::Done(day) => (Some(day), "done".to_owned()),
            Counter::DoneBy(day, user) => (Some(day), format!("done_by.{user}")),
            Counter::LinksCreated(day) => (Some(day), "links_created".to_owned()),
            Counter::LinkOpens(day) => (Some(day), "link_opens".to_owned()),
            Counter::Status(status) => (None, format!("status.{status}")),
            Counter::Assigned(user) => (None, format!("assigned.{user}")),
        };
        let increments = match day {
            Some(day) => days.entry(day.to_string()).or_default(),
            None => &mut totals,
        };
        increments.insert(field, *by);
    }
    let increment = |by: Document| doc! { "$inc": by };
    let days = days
        .into_iter()
        .map(|(day, by)| (doc! { "day": day }, increment(by)));
    let totals = (!totals.is_empty()).then(|| (Document::new(), increment(totals)));
    (days.collect(), totals.into_iter().collect())
}
