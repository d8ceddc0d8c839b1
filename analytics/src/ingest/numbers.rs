//! The states and the numbers that events lead to, of any organizations at once: what there was is read in one go, and
//! each collection is written to in one go.

use std::collections::{BTreeMap, BTreeSet};

use kernel::{TaskId, TenantId};
use mongodb::bson::{Bson, Document, deserialize_from_bson, doc, serialize_to_bson};

use super::fact::Dated;
use super::fold::{Tasks, fold};
use super::rollups::Rollups;
use super::store::Noted;
use super::task::TaskState;
use crate::organization::Generation;
use crate::scope::{Found, Key, Transaction, Update};
use crate::store::{Collection, StoreError};

/// What one organization's events move.
pub(crate) struct Part<'a> {
    pub(crate) tenant: TenantId,
    /// The generation that is moved.
    pub(crate) generation: Generation,
    /// Each once.
    pub(crate) events: Vec<Noted<'a>>,
}

/// Moves states and numbers by what the events say. An organization has one part at most.
pub(crate) async fn write_numbers(
    transaction: &mut Transaction<'_>,
    parts: &[Part<'_>],
) -> Result<(), StoreError> {
    let before = Before::load(transaction, parts).await?;
    let mut writes = Writes::default();
    for part in parts {
        writes.add(part, &before)?;
    }
    writes.write(transaction).await
}

/// The states of all tasks that the events are about, and where they are kept.
#[derive(Default)]
struct Before {
    tasks: BTreeMap<TenantId, Tasks>,
    keys: BTreeMap<(TenantId, TaskId), Key>,
}

impl Before {
    async fn load(
        transaction: &mut Transaction<'_>,
        parts: &[Part<'_>],
    ) -> Result<Self, StoreError> {
        let mut before = Self::default();
        let by_task = filters(parts, "task", |(_, fact)| fact.task());
        let by_project = filters(parts, "state.project", |(_, fact)| fact.project());
        for (key, filters) in [("task", by_task), ("state.project", by_project)] {
            let index = doc! { "tenant": 1, "generation": 1, key: 1 };
            for found in transaction.find(Collection::Tasks, filters, index).await? {
                before.add(found)?;
            }
        }
        Ok(before)
    }

    fn add(&mut self, found: Found) -> Result<(), StoreError> {
        let Found {
            tenant,
            key,
            mut document,
        } = found;
        let mut take = |field| document.remove(field).unwrap_or(Bson::Null);
        let id: TaskId = deserialize_from_bson(take("task"))?;
        let state: TaskState = deserialize_from_bson(take("state"))?;
        self.tasks.entry(tenant).or_default().insert(id, state);
        self.keys.insert((tenant, id), key);
        Ok(())
    }
}

/// For each part that is about any a filter of all whose `key` it is.
fn filters<T: ToString>(
    parts: &[Part<'_>],
    key: &str,
    about: impl Fn(&Noted<'_>) -> Option<T>,
) -> Vec<(TenantId, Document)> {
    let filters = parts.iter().filter_map(|part| {
        let ids = part.events.iter().filter_map(&about);
        let ids: BTreeSet<String> = ids.map(|id| id.to_string()).collect();
        let ids: Vec<String> = ids.into_iter().collect();
        let filter = doc! { key: { "$in": &ids } };
        (!ids.is_empty()).then(|| (part.tenant, part.generation.with(filter)))
    });
    filters.collect()
}

/// What is to be written, by collection. Tasks that are new are made and others changed: the server has to look for none.
#[derive(Default)]
struct Writes {
    new_tasks: Vec<(TenantId, Document)>,
    tasks: Vec<(Key, Document)>,
    days: Vec<(TenantId, Update)>,
    months: Vec<(TenantId, Update)>,
    totals: Vec<(TenantId, Update)>,
}

impl Writes {
    fn add(&mut self, part: &Part<'_>, before: &Before) -> Result<(), StoreError> {
        let (tenant, none) = (part.tenant, Tasks::new());
        let events = part.events.iter();
        let dated = events.map(|(e, fact)| -> Dated<'_> { (e.time, fact) });
        let folded = fold(before.tasks.get(&tenant).unwrap_or(&none), dated);
        for (id, state) in &folded.tasks {
            let now = doc! {
                "state": serialize_to_bson(state)?,
                "facts": serialize_to_bson(&state.facts())?,
            };
            if let Some(key) = before.keys.get(&(tenant, *id)) {
                self.tasks.push((key.clone(), doc! { "$set": now }));
            } else {
                let mut new = part.generation.with(doc! { "task": id.to_string() });
                new.extend(now);
                self.new_tasks.push((tenant, new));
            }
        }
        let rollups = Rollups::of(part.generation, &folded.increments);
        let of_tenant = |update| (tenant, update);
        self.days.extend(rollups.days.into_iter().map(of_tenant));
        self.months
            .extend(rollups.months.into_iter().map(of_tenant));
        self.totals
            .extend(rollups.totals.into_iter().map(of_tenant));
        Ok(())
    }

    async fn write(self, transaction: &mut Transaction<'_>) -> Result<(), StoreError> {
        transaction
            .insert(Collection::Tasks, self.new_tasks)
            .await?;
        transaction.change(Collection::Tasks, self.tasks).await?;
        for (collection, updates) in [
            (Collection::Days, self.days),
            (Collection::Months, self.months),
            (Collection::Totals, self.totals),
        ] {
            transaction.upsert(collection, updates).await?;
        }
        Ok(())
    }
}
