//! The only way to documents: every filter and every document made here begins with the tenant, but for the few functions
//! that ask about all organizations and answer whose each document is.

mod transaction;

use std::collections::{BTreeSet, HashSet};

use futures::TryStreamExt;
use kernel::{EventId, TenantId};
use mongodb::Cursor;
use mongodb::bson::{Document, deserialize_from_document, doc};
use mongodb::options::{FindOptions, Hint, ReadConcern, ReturnDocument};

pub(crate) use self::transaction::{Found, Key, Transaction, TransactionScope};

use crate::organization::Ledger;
use crate::store::{Collection, Store, StoreError, duplicate_is_conflict};

/// Which document, and what is to be done to it.
pub(crate) type Update = (Document, Document);

/// Documents of one answer, where many are read at once: the server's usual number is a hundred.
const FOUND_AT_ONCE: u32 = 10_000;

/// What one organization has, outside of transactions: reads, and the end of everything.
pub(crate) struct TenantScope<'a> {
    store: &'a Store,
    tenant: Tenant,
}

impl<'a> TenantScope<'a> {
    pub(crate) fn new(store: &'a Store, tenant: TenantId) -> Self {
        let tenant = Tenant(tenant);
        Self { store, tenant }
    }

    /// Documents as they come, as `options` want them.
    pub(crate) async fn stream(
        &self,
        collection: Collection,
        filter: Document,
        options: FindOptions,
    ) -> Result<Cursor<Document>, StoreError> {
        let found = self.store.collection(collection);
        let found = found.find(self.tenant.with(filter)).with_options(options);
        Ok(found.await?)
    }

    /// The only document there is, or any of them.
    pub(crate) async fn find_one(
        &self,
        collection: Collection,
        filter: Document,
    ) -> Result<Option<Document>, StoreError> {
        let found = self.store.collection(collection);
        Ok(found.find_one(self.tenant.with(filter)).await?)
    }

    /// How many there are.
    pub(crate) async fn count(
        &self,
        collection: Collection,
        filter: Document,
    ) -> Result<u64, StoreError> {
        let found = self.store.collection(collection);
        Ok(found.count_documents(self.tenant.with(filter)).await?)
    }

    /// Runs the stages over the documents found; `stages` must not look into other collections.
    pub(crate) async fn aggregate(
        &self,
        collection: Collection,
        filter: Document,
        stages: Vec<Document>,
    ) -> Result<Vec<Document>, StoreError> {
        let mut pipeline = vec![doc! { "$match": self.tenant.with(filter) }];
        pipeline.extend(stages);
        let cursor = self
            .store
            .collection(collection)
            .aggregate(pipeline)
            .await?;
        Ok(cursor.try_collect().await?)
    }

    /// Writes new documents.
    pub(crate) async fn insert(
        &self,
        collection: Collection,
        documents: Vec<Document>,
    ) -> Result<(), StoreError> {
        let new = documents.into_iter().map(|new| self.tenant.with(new));
        let into = self.store.collection(collection);
        into.insert_many(new).await?;
        Ok(())
    }

    /// Changes the one document that is found, and answers it as it is then.
    pub(crate) async fn change_one(
        &self,
        collection: Collection,
        filter: Document,
        change: Document,
        make: bool,
    ) -> Result<Option<Document>, StoreError> {
        let found = self.store.collection(collection);
        let changed = found.find_one_and_update(self.tenant.with(filter), change);
        let changed = changed.upsert(make).return_document(ReturnDocument::After);
        changed.await.map_err(duplicate_is_conflict)
    }

    /// Removes what is found; answers how many there were.
    pub(crate) async fn remove(
        &self,
        collection: Collection,
        filter: Document,
    ) -> Result<u64, StoreError> {
        let found = self.store.collection(collection);
        let removed = found.delete_many(self.tenant.with(filter)).await?;
        Ok(removed.deleted_count)
    }

    /// Documents behind one of them, in the order of their ids.
    pub(crate) async fn page(
        &self,
        collection: Collection,
        filter: Document,
        after: Option<String>,
        limit: i64,
    ) -> Result<Vec<Document>, StoreError> {
        let mut filter = self.tenant.with(filter);
        if let Some(after) = after {
            filter.insert("_id", doc! { "$gt": after });
        }
        let found = self.store.collection(collection);
        let found = found.find(filter).sort(doc! { "_id": 1 }).limit(limit);
        let cursor = found.await?;
        Ok(cursor.try_collect().await?)
    }

    /// Changes every document that is found; answers how many there were.
    pub(crate) async fn update(
        &self,
        collection: Collection,
        filter: Document,
        change: Document,
    ) -> Result<u64, StoreError> {
        let found = self.store.collection(collection);
        let changed = found.update_many(self.tenant.with(filter), change).await?;
        Ok(changed.modified_count)
    }

    /// Removes every document; answers how many there were.
    pub(crate) async fn clear(&self, collection: Collection) -> Result<u64, StoreError> {
        self.remove(collection, Document::new()).await
    }

    /// Writes down that the organization is gone for good.
    pub(crate) async fn note_erased(&self) -> Result<(), StoreError> {
        let gone = self.tenant.with(Document::new());
        let erased = self.store.collection(Collection::Erased);
        erased.replace_one(gone.clone(), gone).upsert(true).await?;
        Ok(())
    }
}

/// All organizations that anything was heard of.
pub(crate) async fn organizations(store: &Store) -> Result<Vec<(TenantId, Ledger)>, StoreError> {
    let all = store.collection(Collection::Organizations);
    let cursor = all.find(Document::new()).await?;
    let found: Vec<Document> = cursor.try_collect().await?;
    let organizations = found.into_iter().filter_map(|document| {
        let tenant = document.get_str("tenant").ok()?.parse().ok()?;
        Some(deserialize_from_document(document).map(|ledger| (tenant, ledger)))
    });
    Ok(organizations.collect::<Result<_, _>>()?)
}

/// The first document that is found in any organization, and whose it is.
pub(crate) async fn first_of_any(
    store: &Store,
    collection: Collection,
    filter: Document,
    sort: Document,
) -> Result<Option<(TenantId, Document)>, StoreError> {
    let found = store.collection(collection);
    let found = found.find_one(filter).sort(sort).await?;
    Ok(found.and_then(with_tenant))
}

/// Changes the first document that is found in any organization, and answers it as it is then, with whose it is.
pub(crate) async fn change_any(
    store: &Store,
    collection: Collection,
    filter: Document,
    change: Document,
    sort: Document,
) -> Result<Option<(TenantId, Document)>, StoreError> {
    let found = store.collection(collection);
    let changed = found.find_one_and_update(filter, change).sort(sort);
    let changed = changed.return_document(ReturnDocument::After).await?;
    Ok(changed.and_then(with_tenant))
}

fn with_tenant(document: Document) -> Option<(TenantId, Document)> {
    let tenant = document.get_str("tenant").ok()?.parse().ok()?;
    Some((tenant, document))
}

/// Which of these organizations are gone for good.
pub(crate) async fn erased_of(
    store: &Store,
    tenants: impl IntoIterator<Item = TenantId>,
) -> Result<BTreeSet<TenantId>, StoreError> {
    let names = tenants.into_iter().map(|tenant| tenant.to_string());
    let names: Vec<String> = names.collect();
    let erased = store.collection(Collection::Erased);
    let cursor = erased.find(doc! { "tenant": { "$in": names } }).await?;
    let found: Vec<Document> = cursor.try_collect().await?;
    let tenants = found
        .iter()
        .filter_map(|document| document.get_str("tenant").ok()?.parse().ok());
    Ok(tenants.collect())
}

/// Which of these events are kept for good, whose ever they are: read from the index of their ids alone.
pub(crate) async fn known_of(
    store: &Store,
    events: impl Iterator<Item = EventId>,
) -> Result<HashSet<EventId>, StoreError> {
    let ids: Vec<String> = events.map(|id| id.to_string()).collect();
    let options = FindOptions::builder()
        .projection(doc! { "_id": 1 })
        .hint(Hint::Keys(doc! { "_id": 1 }))
        // An event that a change of MongoDB's primary could still undo is not known yet.
        .read_concern(ReadConcern::majority())
        .batch_size(FOUND_AT_ONCE)
        .build();
    let kept = store.collection(Collection::Events);
    let cursor = kept.find(doc! { "_id": { "$in": ids } });
    let found: Vec<Document> = cursor.with_options(options).await?.try_collect().await?;
    let known = found
        .iter()
        .filter_map(|document| document.get_str("_id").ok()?.parse().ok());
    Ok(known.collect())
}

#[derive(Clone, Copy)]
struct Tenant(TenantId);

impl Tenant {
    fn with(self, rest: Document) -> Document {
        let mut document = doc! { "tenant": self.0.to_string() };
        // A filter that names the tenant itself must not get its way.
        document.extend(rest.into_iter().filter(|(key, _)| key != "tenant"));
        document
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_filter_can_name_another_tenant() {
        let own = TenantId::from(uuid::Uuid::from_u128(1));
        let filter = Tenant(own).with(doc! { "tenant": "other", "day": 1 });
        assert_eq!(filter, doc! { "tenant": own.to_string(), "day": 1 });
    }
}
