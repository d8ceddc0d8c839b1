//! Reads and changes the one document of an organization.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use kernel::TenantId;
use mongodb::bson::{Document, deserialize_from_document, doc};
use serde::Deserialize;

use super::model::{Generation, Ledger, Wanted};
use crate::scope::{TenantScope, Transaction, TransactionScope};
use crate::store::{Collection, StoreError};

/// As it stands.
pub(crate) async fn ledger(scope: &TenantScope<'_>) -> Result<Ledger, StoreError> {
    let found = scope
        .find_one(Collection::Organizations, Document::new())
        .await?;
    Ok(deserialize_from_document(found.unwrap_or_default())?)
}

/// Counts one more batch. From here on no other batch of the organization can be taken in until the transaction ends, so
/// that the order of batches is the order of their commits.
pub(crate) async fn advance(scope: &mut TransactionScope<'_>) -> Result<Ledger, StoreError> {
    let one_more = doc! { "$inc": { "seq": 1_i64 } };
    let found = scope
        .change_one(Collection::Organizations, Document::new(), one_more, true)
        .await?;
    Ok(deserialize_from_document(found.unwrap_or_default())?)
}

/// Counts one more batch of each of these, and answers how they stand then. It holds for each what [`advance`] says.
pub(crate) async fn advance_all(
    transaction: &mut Transaction<'_>,
    tenants: &[TenantId],
) -> Result<BTreeMap<TenantId, Ledger>, StoreError> {
    let one_more = tenants.iter().map(|tenant| {
        let change = doc! { "$inc": { "seq": 1_i64 } };
        (*tenant, (Document::new(), change))
    });
    transaction
        .upsert(Collection::Organizations, one_more)
        .await?;
    let all = tenants.iter().map(|tenant| (*tenant, Document::new()));
    let index = doc! { "tenant": 1 };
    let found = transaction
        .find(Collection::Organizations, all, index)
        .await?;
    let ledgers = found.into_iter().map(|found| {
        let ledger = deserialize_from_document(found.document)?;
        Ok((found.tenant, ledger))
    });
    ledgers.collect()
}

/// A generation that nothing was ever made of.
pub(crate) async fn new_generation(
    scope: &mut TransactionScope<'_>,
) -> Result<Generation, StoreError> {
    let one_more = doc! { "$inc": { "built": 1_i64 } };
    let found = scope
        .change_one(Collection::Organizations, Document::new(), one_more, true)
        .await?;
    let built: Built = deserialize_from_document(found.unwrap_or_default())?;
    Ok(built.built)
}

#[derive(Deserialize)]
struct Built {
    built: Generation,
}

/// From now on this one counts.
pub(crate) async fn set_generation(
    scope: &mut TransactionScope<'_>,
    generation: Generation,
) -> Result<(), StoreError> {
    let change = doc! { "$set": generation.with(Document::new()) };
    scope
        .change_one(Collection::Organizations, Document::new(), change, true)
        .await?;
    Ok(())
}

/// How many events there are.
pub(crate) async fn count(scope: &TenantScope<'_>) -> Result<u64, StoreError> {
    scope.count(Collection::Events, Document::new()).await
}

/// Notes that events before this time are folded away; answers false if the organization is gone.
pub(crate) async fn set_events_from(
    scope: &mut TransactionScope<'_>,
    from: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let change = doc! { "$max": { "events_from_ms": from.timestamp_millis() } };
    let found = scope
        .change_one(Collection::Organizations, Document::new(), change, false)
        .await?;
    Ok(found.is_some())
}

/// Takes over what the organization wants; [`StoreError::Conflict`] if the version is another one by now.
pub(super) async fn replace(
    scope: &TenantScope<'_>,
    version: i32,
    wanted: &Wanted,
) -> Result<Ledger, StoreError> {
    let present = match version {
        0 => doc! { "version": { "$in": [0, null] } },
        version => doc! { "version": version },
    };
    let timezone = wanted.timezone.map(|zone| zone.0.name());
    let change = doc! {
        "$set": { "timezone": timezone, "retention_days": wanted.retention_days },
        "$inc": { "version": 1 },
    };
    let changed = scope
        .change_one(Collection::Organizations, present, change, version == 0)
        .await?;
    let changed = changed.ok_or(StoreError::Conflict)?;
    Ok(deserialize_from_document(changed)?)
}
