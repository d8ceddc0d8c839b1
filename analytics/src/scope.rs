//! The only way to documents: every filter and every document made here begins with the tenant, but for the few functions
//! that ask about all organizations and answer whose each document is.

use std::collections::BTreeSet;

use futures::TryStreamExt;
use kernel::TenantId;
use mongodb::bson::{Document, deserialize_from_document, doc};
use mongodb::options::{FindOptions, ReturnDocument};
use mongodb::{ClientSession, Cursor};

use crate::organization::Ledger;
use crate::store::{Collection, Store, StoreError, check_written, duplicate_is_conflict};

/// Which document, and what is to be done to it.
pub(crate) type Update = (Document, Document);

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
    tenants: &BTreeSet<TenantId>,
) -> Result<BTreeSet<TenantId>, StoreError> {
    let names: Vec<String> = tenants.iter().map(ToString::to_string).collect();
    let erased = store.collection(Collection::Erased);
    let cursor = erased.find(doc! { "tenant": { "$in": names } }).await?;
    let found: Vec<Document> = cursor.try_collect().await?;
    let tenants = found
        .iter()
        .filter_map(|document| document.get_str("tenant").ok()?.parse().ok());
    Ok(tenants.collect())
}

/// A transaction over any number of organizations; dropped without a commit it did nothing.
pub(crate) struct Transaction<'a> {
    store: &'a Store,
    session: ClientSession,
}

impl<'a> Transaction<'a> {
    pub(crate) async fn begin(store: &'a Store) -> Result<Self, StoreError> {
        let mut session = store.client.start_session().await?;
        session.start_transaction().await?;
        Ok(Self { store, session })
    }

    /// The part of it that is about one organization.
    pub(crate) fn scope(&mut self, tenant: TenantId) -> TransactionScope<'_> {
        TransactionScope {
            store: self.store,
            session: &mut self.session,
            tenant: Tenant(tenant),
        }
    }

    pub(crate) async fn commit(mut self) -> Result<(), StoreError> {
        self.session.commit_transaction().await?;
        Ok(())
    }
}

/// What one organization has, inside a transaction.
pub(crate) struct TransactionScope<'a> {
    store: &'a Store,
    session: &'a mut ClientSession,
    tenant: Tenant,
}

impl TransactionScope<'_> {
    pub(crate) async fn find(
        &mut self,
        collection: Collection,
        filter: Document,
    ) -> Result<Vec<Document>, StoreError> {
        let found = self.store.collection(collection);
        let mut cursor = found
            .find(self.tenant.with(filter))
            .session(&mut *self.session)
            .await?;
        Ok(cursor.stream(self.session).try_collect().await?)
    }

    /// Shows each to `look`.
    pub(crate) async fn each(
        &mut self,
        collection: Collection,
        filter: Document,
        mut look: impl FnMut(Document),
    ) -> Result<(), StoreError> {
        let found = self.store.collection(collection);
        let found = found.find(self.tenant.with(filter));
        let mut cursor = found.session(&mut *self.session).await?;
        while let Some(document) = cursor.next(self.session).await {
            look(document?);
        }
        Ok(())
    }

    /// The first ones, in this order.
    pub(crate) async fn first(
        &mut self,
        collection: Collection,
        filter: Document,
        sort: Document,
        limit: i64,
    ) -> Result<Vec<Document>, StoreError> {
        let found = self.store.collection(collection);
        let found = found.find(self.tenant.with(filter)).sort(sort).limit(limit);
        let mut cursor = found.session(&mut *self.session).await?;
        Ok(cursor.stream(self.session).try_collect().await?)
    }

    /// Changes the one document that is found, or makes it, and answers it as it is then. Nobody else can until the
    /// transaction ends: who tries fails and comes again.
    pub(crate) async fn change_one(
        &mut self,
        collection: Collection,
        filter: Document,
        change: Document,
        make: bool,
    ) -> Result<Option<Document>, StoreError> {
        let found = self.store.collection(collection);
        let changed = found.find_one_and_update(self.tenant.with(filter), change);
        let changed = changed.upsert(make).return_document(ReturnDocument::After);
        let changed = changed.session(&mut *self.session).await;
        changed.map_err(duplicate_is_conflict)
    }

    pub(crate) async fn remove(
        &mut self,
        collection: Collection,
        filter: Document,
    ) -> Result<u64, StoreError> {
        let found = self.store.collection(collection);
        let removed = found.delete_many(self.tenant.with(filter));
        let removed = removed.session(&mut *self.session).await?;
        Ok(removed.deleted_count)
    }

    pub(crate) async fn insert(
        &mut self,
        collection: Collection,
        documents: Vec<Document>,
    ) -> Result<(), StoreError> {
        if documents.is_empty() {
            return Ok(());
        }
        let documents = documents.into_iter().map(|d| self.tenant.with(d));
        let command =
            doc! { "insert": collection.name(), "documents": documents.collect::<Vec<_>>() };
        self.write(command).await
    }

    /// Updates the one document each filter finds, or makes it. One round trip for all.
    pub(crate) async fn upsert(
        &mut self,
        collection: Collection,
        updates: Vec<Update>,
    ) -> Result<(), StoreError> {
        if updates.is_empty() {
            return Ok(());
        }
        let updates = updates.into_iter().map(|(filter, update)| {
            doc! { "q": self.tenant.with(filter), "u": update, "upsert": true }
        });
        let command = doc! { "update": collection.name(), "updates": updates.collect::<Vec<_>>() };
        self.write(command).await
    }

    async fn write(&mut self, command: Document) -> Result<(), StoreError> {
        let answer = self
            .store
            .database
            .run_command(command)
            .session(&mut *self.session)
            .await?;
        check_written(&answer)
    }
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
