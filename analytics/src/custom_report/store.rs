//! Reads and changes definitions.

use chrono::{DateTime, Utc};
use futures::TryStreamExt;
use httpkit::Member;
use kernel::{CustomReportId, Permission, UserId};
use mongodb::bson::{Document, deserialize_from_document, doc, serialize_to_bson};
use mongodb::options::FindOptions;

use super::model::{CustomReport, Definition};
use crate::scope::TenantScope;
use crate::store::{Collection, StoreError, date};

/// A page of those that a member may see, the oldest first.
pub(super) async fn page(
    scope: &TenantScope<'_>,
    member: &Member,
    after: Option<CustomReportId>,
    limit: i64,
) -> Result<Vec<CustomReport>, StoreError> {
    let mut filter = match member.permissions.contains(Permission::AnalyticsRead) {
        true => Document::new(),
        false => {
            let own = member.user.to_string();
            doc! { "owner": &own, "definition.filter.user_id": own }
        }
    };
    if let Some(after) = after {
        // Ids made later sort later.
        filter.insert("custom_report", doc! { "$gt": after.to_string() });
    }
    let options = FindOptions::builder().sort(doc! { "custom_report": 1 });
    let options = options.limit(limit).build();
    let found = scope.stream(Collection::CustomReports, filter, options);
    let found: Vec<Document> = found.await?.try_collect().await?;
    let read = |document| Ok(deserialize_from_document(document)?);
    found.into_iter().map(read).collect()
}

pub(crate) async fn find(
    scope: &TenantScope<'_>,
    id: CustomReportId,
) -> Result<Option<CustomReport>, StoreError> {
    let found = scope.find_one(Collection::CustomReports, of(id)).await?;
    Ok(found.map(deserialize_from_document).transpose()?)
}

/// How many the organization has.
pub(super) async fn count(scope: &TenantScope<'_>) -> Result<u64, StoreError> {
    scope
        .count(Collection::CustomReports, Document::new())
        .await
}

pub(super) async fn insert(
    scope: &TenantScope<'_>,
    report: &CustomReport,
) -> Result<(), StoreError> {
    let document = doc! {
        "custom_report": report.custom_report.to_string(),
        "owner": report.owner.to_string(),
        "name": &report.name,
        "definition": serialize_to_bson(&report.definition)?,
        "version": report.version,
        "created_at": report.created_at,
        "updated_at": report.updated_at,
    };
    scope
        .insert(Collection::CustomReports, vec![document])
        .await
}

/// Takes over name and definition; [`StoreError::Conflict`] if the version is another one by now.
pub(super) async fn replace(
    scope: &TenantScope<'_>,
    id: CustomReportId,
    version: i32,
    (name, definition): (&str, &Definition),
    now: DateTime<Utc>,
) -> Result<CustomReport, StoreError> {
    let mut present = of(id);
    present.insert("version", version);
    let change = doc! {
        "$set": { "name": name, "definition": serialize_to_bson(definition)?, "updated_at": date(now) },
        "$inc": { "version": 1 },
    };
    let changed = scope.change_one(Collection::CustomReports, present, change, false);
    let changed = changed.await?.ok_or(StoreError::Conflict)?;
    Ok(deserialize_from_document(changed)?)
}

/// [`StoreError::Conflict`] if the version is another one by now.
pub(super) async fn delete(
    scope: &TenantScope<'_>,
    id: CustomReportId,
    version: i32,
) -> Result<(), StoreError> {
    let mut present = of(id);
    present.insert("version", version);
    match scope.remove(Collection::CustomReports, present).await? {
        0 => Err(StoreError::Conflict),
        _ => Ok(()),
    }
}

/// Names and definitions of a person's.
pub(crate) async fn of_owner(
    scope: &TenantScope<'_>,
    owner: UserId,
) -> Result<Vec<serde_json::Value>, StoreError> {
    let filter = doc! { "owner": owner.to_string() };
    let shown = doc! { "_id": 0, "custom_report": 1, "name": 1, "definition": 1 };
    let options = FindOptions::builder().projection(shown).build();
    let found = scope.stream(Collection::CustomReports, filter, options);
    let found: Vec<Document> = found.await?.try_collect().await?;
    let read = |document| Ok(deserialize_from_document(document)?);
    found.into_iter().map(read).collect()
}

/// Removes those of a person; answers how many there were.
pub(crate) async fn forget(scope: &TenantScope<'_>, owner: UserId) -> Result<u64, StoreError> {
    let own = doc! { "owner": owner.to_string() };
    scope.remove(Collection::CustomReports, own).await
}

fn of(id: CustomReportId) -> Document {
    doc! { "custom_report": id.to_string() }
}
