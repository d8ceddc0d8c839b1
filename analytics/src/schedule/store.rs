//! Reads and changes schedules.

use chrono::{DateTime, Utc};
use kernel::{CustomReportId, TenantId, UserId};
use mongodb::bson::{Document, deserialize_from_document, doc, serialize_to_bson};

use super::model::Schedule;
use crate::report::{self, Report};
use crate::scope::{TenantScope, Transaction, first_of_any};
use crate::store::{Collection, Store, StoreError, date};

pub(super) async fn find(
    scope: &TenantScope<'_>,
    id: CustomReportId,
) -> Result<Option<Schedule>, StoreError> {
    let found = scope.find_one(Collection::Schedules, of(id)).await?;
    Ok(found.map(deserialize_from_document).transpose()?)
}

/// Makes it or takes its place; [`StoreError::Conflict`] if the version is another one by now. Version 0 is that of none.
pub(super) async fn replace(
    scope: &TenantScope<'_>,
    present: i32,
    wanted: &Schedule,
) -> Result<Schedule, StoreError> {
    let mut filter = of(wanted.custom_report);
    filter.insert("version", present);
    let recipients = wanted.recipients.iter().map(ToString::to_string);
    let change = doc! {
        "$set": {
            "owner": wanted.owner.to_string(),
            "rhythm": serialize_to_bson(&wanted.rhythm)?,
            "recipients": recipients.collect::<Vec<_>>(),
            "version": wanted.version,
            "due_at": wanted.due_at,
        },
    };
    // Made by two at the same time, it would be there twice but for its unique index.
    let changed = scope.change_one(Collection::Schedules, filter, change, present == 0);
    let changed = changed.await?.ok_or(StoreError::Conflict)?;
    Ok(deserialize_from_document(changed)?)
}

/// Ends it; answers false if there is none.
pub(super) async fn delete(
    scope: &TenantScope<'_>,
    id: CustomReportId,
) -> Result<bool, StoreError> {
    Ok(scope.remove(Collection::Schedules, of(id)).await? > 0)
}

/// The one that has been due for longest, of any organization.
pub(super) async fn first_due(
    store: &Store,
    now: DateTime<Utc>,
) -> Result<Option<(TenantId, Schedule)>, StoreError> {
    let due = doc! { "due_at": { "$lte": date(now) } };
    let found = first_of_any(store, Collection::Schedules, due, doc! { "due_at": 1 }).await?;
    let found = found.map(|(tenant, document)| -> Result<_, StoreError> {
        Ok((tenant, deserialize_from_document(document)?))
    });
    found.transpose()
}

/// Moves it on and adds its report, or does nothing because another instance did.
pub(super) async fn fire(
    store: &Store,
    tenant: TenantId,
    schedule: &Schedule,
    report: &Report,
    (next, now): (DateTime<Utc>, DateTime<Utc>),
) -> Result<bool, StoreError> {
    let mut this = of(schedule.custom_report);
    this.extend(doc! { "due_at": schedule.due_at, "version": schedule.version });
    let change = doc! { "$set": { "due_at": date(next) } };
    let mut transaction = Transaction::begin(store).await?;
    let mut scope = transaction.scope(tenant);
    let moved = scope.change_one(Collection::Schedules, this, change, false);
    if moved.await?.is_none() {
        return Ok(false);
    }
    let document = report::store::document(report, now)?;
    let reports = [(tenant, document)];
    transaction.insert(Collection::Reports, reports).await?;
    transaction.commit().await?;
    Ok(true)
}

/// Takes a person out: ends the person's schedules, and those that nobody else gets.
pub(crate) async fn forget(scope: &TenantScope<'_>, person: UserId) -> Result<u64, StoreError> {
    let person = person.to_string();
    let told = doc! { "recipients": &person };
    let without = doc! { "$pull": { "recipients": &person } };
    scope.update(Collection::Schedules, told, without).await?;
    let own = scope
        .remove(Collection::Schedules, doc! { "owner": person })
        .await?;
    let nobody = doc! { "recipients": [] };
    Ok(own + scope.remove(Collection::Schedules, nobody).await?)
}

fn of(id: CustomReportId) -> Document {
    doc! { "custom_report": id.to_string() }
}
