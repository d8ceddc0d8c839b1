//! Reads and changes reports and their rows.

use chrono::{DateTime, Utc};
use futures::TryStreamExt;
use kernel::{CustomReportId, ReportId, TenantId, UserId};
use mongodb::Cursor;
use mongodb::bson::{Bson, Document, deserialize_from_document, doc, serialize_to_bson};
use mongodb::options::FindOptions;

use super::cells::Row;
use super::model::{Failure, LEASE, MOST_ATTEMPTS, ROWS_OUTLIVE, Report, TELL_LEASE};
use crate::scope::{TenantScope, change_any};
use crate::store::{Collection, Store, StoreError, date, time};

/// Rows written at a time.
const BATCH: usize = 1_000;

/// Notes a report that is to be made.
pub(super) async fn insert(
    scope: &TenantScope<'_>,
    report: &Report,
    due_at: DateTime<Utc>,
) -> Result<(), StoreError> {
    let document = document(report, due_at)?;
    scope.insert(Collection::Reports, vec![document]).await
}

/// A report that is to be made, as it is stored.
pub(crate) fn document(report: &Report, due_at: DateTime<Utc>) -> Result<Document, StoreError> {
    Ok(doc! {
        "report": report.report.to_string(),
        "custom_report": report.custom_report.to_string(),
        "name": &report.name,
        "requested_by": report.requested_by.to_string(),
        "definition": serialize_to_bson(&report.definition)?,
        "period": serialize_to_bson(&report.period)?,
        "timezone": serialize_to_bson(&report.timezone)?,
        "state": serialize_to_bson(&report.state)?,
        "attempt": report.attempt,
        "created_at": report.created_at,
        "expires_at": report.expires_at,
        "tell": serialize_to_bson(&report.tell)?,
        // Only while somebody has to do something about it.
        "due_at": date(due_at),
    })
}

/// One that is still kept.
pub(super) async fn find(
    scope: &TenantScope<'_>,
    id: ReportId,
    now: DateTime<Utc>,
) -> Result<Option<Report>, StoreError> {
    let filter = doc! { "report": id.to_string(), "expires_at": { "$gt": date(now) } };
    let found = scope.find_one(Collection::Reports, filter).await?;
    Ok(found.map(deserialize_from_document).transpose()?)
}

/// A page of those that are still kept, the latest first: of the person `own` about that person only, or all.
pub(super) async fn page(
    scope: &TenantScope<'_>,
    own: Option<UserId>,
    of: Option<CustomReportId>,
    after: Option<ReportId>,
    (limit, now): (i64, DateTime<Utc>),
) -> Result<Vec<Report>, StoreError> {
    let mut filter = doc! { "expires_at": { "$gt": date(now) } };
    if let Some(own) = own.map(|own| own.to_string()) {
        filter.insert("requested_by", &own);
        filter.insert("definition.filter.user_id", own);
    }
    if let Some(of) = of {
        filter.insert("custom_report", of.to_string());
    }
    if let Some(after) = after {
        // Ids made later sort later.
        filter.insert("report", doc! { "$lt": after.to_string() });
    }
    let options = FindOptions::builder().sort(doc! { "report": -1 });
    let options = options.limit(limit).build();
    let found = scope.stream(Collection::Reports, filter, options).await?;
    let found: Vec<Document> = found.try_collect().await?;
    let read = |document| Ok(deserialize_from_document(document)?);
    found.into_iter().map(read).collect()
}

/// How many of the organization's are kept, and how many of those are still to be made.
pub(super) async fn counts(scope: &TenantScope<'_>) -> Result<(u64, u64), StoreError> {
    let unfinished = doc! { "state": { "$in": ["queued", "running"] } };
    futures::try_join!(
        scope.count(Collection::Reports, Document::new()),
        scope.count(Collection::Reports, unfinished),
    )
}

/// Takes the one that has been due for longest, of any organization, for as long as a lease lasts.
pub(super) async fn take(
    store: &Store,
    now: DateTime<Utc>,
) -> Result<Option<(TenantId, Report)>, StoreError> {
    let due = doc! { "due_at": { "$lte": date(now) } };
    let change = doc! {
        "$set": { "state": "running", "due_at": date(now + LEASE) },
        "$inc": { "attempt": 1 },
    };
    let taken = change_any(
        store,
        Collection::Reports,
        due,
        change,
        doc! { "due_at": 1 },
    )
    .await?;
    read_any(taken)
}

/// Has the attempt's lease begin anew; answers false if another attempt overtook it or the report is gone.
pub(super) async fn renew(
    scope: &TenantScope<'_>,
    report: &Report,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let change = doc! { "$set": { "due_at": date(now + LEASE) } };
    let renewed = scope.change_one(Collection::Reports, this_attempt(report), change, false);
    Ok(renewed.await?.is_some())
}

/// Finds the report while nobody else makes it.
fn this_attempt(report: &Report) -> Document {
    doc! {
        "report": report.report.to_string(),
        "state": "running",
        "attempt": report.attempt,
    }
}

/// Writes the rows of this attempt; nobody sees them before the report is ready.
pub(super) async fn write_rows(
    scope: &TenantScope<'_>,
    report: &Report,
    rows: Vec<Row>,
) -> Result<(), StoreError> {
    let expires_at = date(time(report.expires_at) + ROWS_OUTLIVE);
    let document = |(place, (key, numbers)): (i64, Row)| {
        let numbers = numbers.into_iter().map(Bson::from);
        doc! {
            "report": report.report.to_string(),
            "attempt": report.attempt,
            "place": place,
            "key": key,
            "numbers": numbers.collect::<Vec<_>>(),
            "expires_at": expires_at,
        }
    };
    let mut documents = (0..).zip(rows).map(document);
    loop {
        let batch: Vec<Document> = documents.by_ref().take(BATCH).collect();
        if batch.is_empty() {
            return Ok(());
        }
        scope.insert(Collection::ReportRows, batch).await?;
    }
}

/// Tells how the attempt ended; answers false if another one overtook it or the report is gone.
pub(super) async fn finish(
    scope: &TenantScope<'_>,
    report: &Report,
    outcome: Result<i64, Failure>,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let mut set = doc! { "finished_at": date(now) };
    match outcome {
        Ok(rows) => {
            set.extend(doc! { "state": "ready", "rows": rows });
            if !report.tell.is_empty() {
                // Only while somebody has to be told.
                set.insert("tell_at", date(now));
            }
        }
        Err(failure) => {
            set.extend(doc! { "state": "failed", "failure": serialize_to_bson(&failure)? });
        }
    }
    let change = doc! { "$set": set, "$unset": { "due_at": "" } };
    let changed = scope.change_one(Collection::Reports, this_attempt(report), change, false);
    Ok(changed.await?.is_some())
}

/// Takes the one that has been ready for longest without being told of, of any organization, for a while.
pub(crate) async fn take_untold(
    store: &Store,
    now: DateTime<Utc>,
) -> Result<Option<(TenantId, Report)>, StoreError> {
    let untold = doc! { "tell_at": { "$lte": date(now) } };
    let change = doc! { "$set": { "tell_at": date(now + TELL_LEASE) } };
    let sort = doc! { "tell_at": 1 };
    let taken = change_any(store, Collection::Reports, untold, change, sort).await?;
    read_any(taken)
}

/// Notes that all of its people were told.
pub(crate) async fn note_told(
    store: &Store,
    tenant: TenantId,
    report: &Report,
) -> Result<(), StoreError> {
    let this = doc! { "report": report.report.to_string() };
    let told = doc! { "$unset": { "tell_at": "" } };
    let scope = TenantScope::new(store, tenant);
    scope
        .change_one(Collection::Reports, this, told, false)
        .await?;
    Ok(())
}

fn read_any(found: Option<(TenantId, Document)>) -> Result<Option<(TenantId, Report)>, StoreError> {
    let found = found.map(|(tenant, document)| -> Result<_, StoreError> {
        Ok((tenant, deserialize_from_document(document)?))
    });
    found.transpose()
}

/// Whether it was begun too often.
pub(super) const fn is_hopeless(report: &Report) -> bool {
    report.attempt > MOST_ATTEMPTS
}

/// Rows of other attempts than this one.
pub(super) async fn remove_other_rows(
    scope: &TenantScope<'_>,
    report: &Report,
) -> Result<(), StoreError> {
    let others = doc! {
        "report": report.report.to_string(),
        "attempt": { "$ne": report.attempt },
    };
    scope.remove(Collection::ReportRows, others).await?;
    Ok(())
}

/// The rows in their order, as they come.
pub(super) async fn rows(
    scope: &TenantScope<'_>,
    report: &Report,
) -> Result<Cursor<Document>, StoreError> {
    let filter = doc! { "report": report.report.to_string(), "attempt": report.attempt };
    let shown = doc! { "_id": 0, "key": 1, "numbers": 1 };
    let options = FindOptions::builder().sort(doc! { "place": 1 });
    let options = options.projection(shown).build();
    scope.stream(Collection::ReportRows, filter, options).await
}

/// Removes it with its rows.
pub(super) async fn delete(scope: &TenantScope<'_>, id: ReportId) -> Result<(), StoreError> {
    let this = doc! { "report": id.to_string() };
    scope.remove(Collection::Reports, this.clone()).await?;
    scope.remove(Collection::ReportRows, this).await?;
    Ok(())
}

/// Removes what a person asked for; answers how many reports that were.
pub(crate) async fn forget(scope: &TenantScope<'_>, person: UserId) -> Result<u64, StoreError> {
    let own = doc! { "requested_by": person.to_string() };
    let found = scope.stream(Collection::Reports, own, FindOptions::default());
    let found: Vec<Document> = found.await?.try_collect().await?;
    let mut removed = 0;
    for document in found {
        let report: Report = deserialize_from_document(document)?;
        delete(scope, report.report).await?;
        removed += 1;
    }
    Ok(removed)
}
