//! Transactions. What is read and written of several organizations goes in one command for each collection, however many
//! they are; who it is of is put into each filter and document here.

use futures::TryStreamExt;
use kernel::TenantId;
use mongodb::ClientSession;
use mongodb::bson::{Bson, Document, doc};
use mongodb::options::{Hint, ReturnDocument};

use super::{FOUND_AT_ONCE, Tenant, Update, with_tenant};
use crate::store::{Collection, Store, StoreError, check_written, duplicate_is_conflict};

/// Statements of one command, which is a document and so has an end at 16 MiB: more than there are, but where the tasks of
/// a large project come and go with it.
const WRITTEN_AT_ONCE: usize = 5_000;

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

    /// What each organization's filter finds, all read from one index.
    pub(crate) async fn find(
        &mut self,
        collection: Collection,
        filters: impl IntoIterator<Item = (TenantId, Document)>,
        index: Document,
    ) -> Result<Vec<Found>, StoreError> {
        let filters = filters.into_iter();
        let filters = filters.map(|(tenant, filter)| Tenant(tenant).with(filter));
        let filters: Vec<Document> = filters.collect();
        if filters.is_empty() {
            return Ok(Vec::new());
        }
        let found = self.store.collection(collection);
        let found = found
            .find(doc! { "$or": filters })
            .hint(Hint::Keys(index))
            .batch_size(FOUND_AT_ONCE);
        let mut cursor = found.session(&mut self.session).await?;
        let found: Vec<Document> = cursor.stream(&mut self.session).try_collect().await?;
        Ok(found.into_iter().filter_map(Found::of).collect())
    }

    /// Writes new documents of any organizations. One command for all.
    pub(crate) async fn insert(
        &mut self,
        collection: Collection,
        documents: impl IntoIterator<Item = (TenantId, Document)>,
    ) -> Result<(), StoreError> {
        let documents = documents.into_iter();
        let documents = documents.map(|(tenant, document)| Tenant(tenant).with(document));
        self.write(collection, "insert", "documents", documents.collect())
            .await
    }

    /// Updates the one document each filter finds, or makes it. One command for all.
    pub(crate) async fn upsert(
        &mut self,
        collection: Collection,
        updates: impl IntoIterator<Item = (TenantId, Update)>,
    ) -> Result<(), StoreError> {
        let updates = updates.into_iter().map(|(tenant, (filter, update))| {
            doc! { "q": Tenant(tenant).with(filter), "u": update, "upsert": true }
        });
        self.write(collection, "update", "updates", updates.collect())
            .await
    }

    /// Changes documents that were found. One round trip for all, and the server need not look for a way to any of them.
    pub(crate) async fn change(
        &mut self,
        collection: Collection,
        changes: impl IntoIterator<Item = (Key, Document)>,
    ) -> Result<(), StoreError> {
        let changes = changes.into_iter();
        let changes = changes.map(|(Key(id), change)| doc! { "q": { "_id": id }, "u": change });
        self.write(collection, "update", "updates", changes.collect())
            .await
    }

    async fn write(
        &mut self,
        collection: Collection,
        command: &str,
        what: &str,
        statements: Vec<Document>,
    ) -> Result<(), StoreError> {
        let mut left = statements.into_iter();
        loop {
            let some: Vec<Document> = left.by_ref().take(WRITTEN_AT_ONCE).collect();
            if some.is_empty() {
                return Ok(());
            }
            let command = doc! { command: collection.name(), what: some };
            let running = self.store.database.run_command(command);
            check_written(&running.session(&mut self.session).await?)?;
        }
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
}

/// A document of an organization that a transaction found.
pub(crate) struct Found {
    pub(crate) tenant: TenantId,
    pub(crate) key: Key,
    pub(crate) document: Document,
}

/// Where it is. Only what was found has one, and so was somebody's whom the filter named.
#[derive(Debug, Clone)]
pub(crate) struct Key(Bson);

impl Found {
    fn of(document: Document) -> Option<Self> {
        let (tenant, mut document) = with_tenant(document)?;
        let key = Key(document.remove("_id")?);
        Some(Self {
            tenant,
            key,
            document,
        })
    }
}
