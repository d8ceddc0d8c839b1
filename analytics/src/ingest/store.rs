//! One transaction for a batch: the events that are new, the states they lead to, the numbers they move. What is asked and
//! written of all organizations of a batch goes in one command for each collection, so that a batch of many costs as many
//! round trips as a batch of one.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use events::Envelope;
use events::topic::tenant::TenantDeleted;
use kernel::{EventId, TenantId};
use mongodb::bson::{Bson, DateTime, Document, doc, serialize_to_bson};

use super::fact::Fact;
use super::numbers::{Part, write_numbers};
use crate::erasure::store::erase;
use crate::organization::store::advance_all;
use crate::scope::{Transaction, erased_of, known_of};
use crate::store::{Collection, Store, StoreError};

/// An event and what it says.
pub(crate) type Noted<'a> = (&'a Envelope, &'a Fact);

/// Events by whose they are.
type Told<'a> = BTreeMap<TenantId, Vec<Noted<'a>>>;

/// Writes what is not written yet. Events of no organization are nobody's numbers and are left out; those of an
/// organization that is gone for good leave nothing, whenever they come.
pub(super) async fn write(store: &Store, batch: &[Noted<'_>]) -> Result<(), StoreError> {
    let mut told = by_tenant(batch);
    let ids = told.values().flatten().map(|(envelope, _)| envelope.id);
    let (gone, known) =
        futures::try_join!(erased_of(store, told.keys().copied()), known_of(store, ids),)?;
    let gone: BTreeSet<TenantId> = gone.into_iter().chain(deleted(batch)).collect();
    told.retain(|tenant, _| !gone.contains(tenant));
    erase_all(store, gone).await?;
    leave_out(&mut told, known);
    let written: Vec<TenantId> = told.keys().copied().collect();
    if written.is_empty() {
        return Ok(());
    }
    let mut transaction = Transaction::begin(store).await?;
    write_new(&mut transaction, told).await?;
    transaction.commit().await?;
    // Who was erased meanwhile may have been erased before the commit.
    erase_all(store, erased_of(store, written).await?).await
}

fn by_tenant<'a>(batch: &[Noted<'a>]) -> Told<'a> {
    let mut told = Told::new();
    for (envelope, fact) in batch {
        if let Some(tenant) = envelope.tenantid {
            told.entry(tenant).or_default().push((envelope, fact));
        }
    }
    told
}

/// The organizations whose end the batch tells.
fn deleted(batch: &[Noted<'_>]) -> impl Iterator<Item = TenantId> {
    let ends = batch.iter().filter(|(e, _)| e.is::<TenantDeleted>());
    ends.filter_map(|(envelope, _)| envelope.tenantid)
}

/// Leaves out what is known, and second copies in this batch. Another instance may write the same events meanwhile: then
/// this transaction fails over their ids, and they are known when it is tried again.
fn leave_out(told: &mut Told<'_>, mut known: HashSet<EventId>) {
    for events in told.values_mut() {
        events.retain(|(envelope, _)| known.insert(envelope.id));
    }
    told.retain(|_, events| !events.is_empty());
}

/// Removes what there is of organizations that are gone: also what a batch wrote whose check after the commit was
/// never made, since its events come again.
async fn erase_all(store: &Store, gone: BTreeSet<TenantId>) -> Result<(), StoreError> {
    for tenant in gone {
        erase(store, tenant).await?;
    }
    Ok(())
}

async fn write_new(transaction: &mut Transaction<'_>, told: Told<'_>) -> Result<(), StoreError> {
    let tenants: Vec<TenantId> = told.keys().copied().collect();
    let mut ledgers = advance_all(transaction, &tenants).await?;
    let (mut raw, mut parts) = (Vec::new(), Vec::new());
    for (tenant, mut events) in told {
        let ledger = ledgers.remove(&tenant).unwrap_or_default();
        let all = events.len();
        events.retain(|(envelope, _)| ledger.takes(envelope.time));
        let too_old = all - events.len();
        metrics::counter!("ingested_events_too_old_total").increment(too_old as u64);
        for (envelope, _) in &events {
            raw.push((tenant, raw_event(envelope, ledger.seq)?));
        }
        parts.push(Part {
            tenant,
            generation: ledger.generation,
            events,
        });
    }
    transaction.insert(Collection::Events, raw).await?;
    write_numbers(transaction, &parts).await
}

/// The event as it came, but for a person's name: that is identity's to keep and to forget.
fn raw_event(envelope: &Envelope, seq: i64) -> Result<Document, StoreError> {
    let mut event = serialize_to_bson(envelope)?;
    let data = event.as_document_mut();
    let data = data.and_then(|event| event.get_mut("data"));
    let data = data.and_then(Bson::as_document_mut);
    if let Some(data) = data.filter(|data| data.contains_key("user_id")) {
        data.remove("name");
    }
    Ok(doc! {
        "_id": envelope.id.to_string(),
        "seq": seq,
        "type": &*envelope.kind,
        "time": DateTime::from_millis(envelope.time.timestamp_millis()),
        "event": event,
    })
}
