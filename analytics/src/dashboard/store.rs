//! Reads the rollups: two finds by index, at once.

use std::time::Duration;

use kernel::TenantId;
use mongodb::bson::{Document, deserialize_from_document, doc};
use tokio::time::timeout;

use super::model::{Period, Rollups};
use crate::scope::TenantScope;
use crate::store::{Collection, Store, StoreError};

/// Time for the answer; a person is waiting for it.
const READ_TIMEOUT: Duration = Duration::from_secs(3);

/// What is known of the organization's days and of how things stand.
pub(super) async fn rollups(
    store: &Store,
    tenant: TenantId,
    period: Period,
) -> Result<Rollups, StoreError> {
    let scope = TenantScope::new(store, tenant);
    // Days are ISO dates, which sort as they follow each other.
    let days = doc! { "day": { "$gte": period.from.to_string(), "$lte": period.to.to_string() } };
    let reading = async {
        futures::try_join!(
            scope.find(Collection::Days, days),
            scope.find(Collection::Totals, Document::new()),
        )
    };
    let (days, totals) = timeout(READ_TIMEOUT, reading)
        .await
        .unwrap_or(Err(StoreError::Timeout))?;
    let days = days.into_iter().map(|mut document| {
        let day = document.remove("day").unwrap_or_default();
        let day = mongodb::bson::deserialize_from_bson(day)?;
        Ok((day, deserialize_from_document(document)?))
    });
    let totals = totals.into_iter().next().unwrap_or_default();
    Ok(Rollups {
        days: days.collect::<Result<_, StoreError>>()?,
        totals: deserialize_from_document(totals)?,
    })
}
