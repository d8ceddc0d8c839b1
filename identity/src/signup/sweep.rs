//! Finishes sign-ups that a crash interrupted, on any number of instances at once.

use chrono::TimeDelta;
use sea_orm::DbErr;

use super::saga;
use crate::organization;
use crate::state::Identity;

/// A sign-up of this age is not under way any more.
const ABANDONED_AFTER: TimeDelta = TimeDelta::seconds(5);
/// Organizations in one sweep; the next sweep takes the next ones.
const BATCH: u64 = 50;

/// Confirms what waits for it, or removes what lost its tenant.
pub(crate) async fn sweep(identity: &Identity) -> Result<(), DbErr> {
    let before = identity.clock.now() - ABANDONED_AFTER;
    for row in organization::store::unconfirmed(&identity.db, before, BATCH).await? {
        if let Err(error) = saga::settle(identity, row.tenant_id).await {
            let error = &error as &dyn std::error::Error;
            tracing::warn!(tenant.id = %row.tenant_id, error, "organization stays unconfirmed");
        }
    }
    Ok(())
}
